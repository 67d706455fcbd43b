from datetime import timedelta

import pytest
from arriving import GATEWAY, NOON, account, arrival, birth, events, lift, pack_of, state, telemetry

from anju_contracts.event import Event, decode_events
from anju_contracts.senml import decode_pack
from anju_contracts.state import Presence
from anju_contracts.topics import Channel, GatewayAddress
from anju_platform.ingest.decode import decode
from anju_platform.ingest.models import (
    AccountNotice,
    Arrival,
    BirthNotice,
    EventBatch,
    Message,
    StateNotice,
    TelemetryBatch,
    Unreadable,
)
from anju_platform.ingest.screen import Window, screen, split_events
from anju_platform.storage.samples import to_us

IDS = {"lift-01/trips": 7, "lift-01/motor_temp_c": 8}


def read(message: Arrival) -> Message:
    return decode(message, lambda _: IDS, telemetry_days=30)


def test_a_batch_of_known_points_becomes_columns() -> None:
    batch = read(telemetry([("lift-01/trips", NOON, 5.0), ("lift-01/motor_temp_c", NOON, 40.5)], seq=3))
    assert isinstance(batch, TelemetryBatch)
    assert batch.samples.point_ids.tolist() == [7, 8]
    assert batch.samples.values.tolist() == [5.0, 40.5]
    assert (batch.unknown, batch.letters, batch.size) == (None, (), 2)
    assert batch.envelope is not None
    assert batch.envelope.seq == 3


def test_unknown_points_are_set_apart_from_the_known_ones() -> None:
    batch = read(telemetry([("lift-01/trips", NOON, 5.0), ("lift-09/trips", NOON, 6.0)], seq=1))
    assert isinstance(batch, TelemetryBatch)
    assert batch.samples.values.tolist() == [5.0]
    assert batch.unknown is not None
    assert batch.unknown.names == ["lift-09/trips"]
    assert batch.unknown.envelope is None


def test_samples_from_the_future_become_a_letter_that_holds_them() -> None:
    ahead = NOON + timedelta(minutes=11)
    batch = read(telemetry([("lift-01/trips", NOON, 5.0), ("lift-01/trips", ahead, 6.0)], seq=1))
    assert isinstance(batch, TelemetryBatch)
    assert batch.samples.values.tolist() == [5.0]
    (letter,) = batch.letters
    assert letter.reason == "future"
    assert decode_pack(letter.payload, now=NOON).at_us == [to_us(ahead)]


def test_ten_minutes_ahead_is_a_clock_that_is_a_little_fast() -> None:
    batch = read(telemetry([("lift-01/trips", NOON + timedelta(minutes=10), 5.0)]))
    assert isinstance(batch, TelemetryBatch)
    assert len(batch.samples) == 1


def test_samples_older_than_what_is_kept_become_a_letter() -> None:
    batch = read(telemetry([("lift-01/trips", NOON - timedelta(days=31), 5.0)], seq=1))
    assert isinstance(batch, TelemetryBatch)
    assert len(batch.samples) == 0
    assert [letter.reason for letter in batch.letters] == ["past"]


def test_a_pack_that_is_split_loses_nothing() -> None:
    moments = [NOON, NOON + timedelta(hours=1), NOON - timedelta(days=60)]
    pack = pack_of([(name, at, 1.0) for name in ("lift-01/trips", "lift-02/x") for at in moments])
    found = screen(pack, IDS, Window.at(NOON, telemetry_days=30), topic="t", address=GATEWAY)
    assert found.unknown is not None
    in_letters = sum(len(decode_pack(letter.payload, now=NOON)) for letter in found.letters)
    assert (len(found.samples), len(found.unknown), in_letters) == (1, 1, 4)


@pytest.mark.parametrize(
    "message",
    [
        arrival(Channel.TELEMETRY, b"not json"),
        arrival(Channel.TELEMETRY, b"[" * 100_000),
        arrival(Channel.EVENT, b'{"events":[]}'),
        arrival(Channel.RECEIPT, b"{}"),
        arrival(Channel.COMMAND, b"{}"),
        Arrival("anju/1/jinxiu/gw-1/gossip", b"{}", NOON),
        Arrival("anju/2/jinxiu/gw-1/telemetry", b"[]", NOON),
        Arrival("anju/1/jin xiu/gw-1/telemetry", b"[]", NOON),
    ],
)
def test_what_breaks_the_contract_is_unreadable_with_its_bytes(message: Arrival) -> None:
    found = read(message)
    assert isinstance(found, Unreadable)
    assert (found.letter.reason, found.letter.payload) == ("unreadable", message.payload)
    assert found.letter.detail


def test_a_birth_for_another_gateway_than_its_topics_is_foreign() -> None:
    told = birth([lift()], address=GatewayAddress("jinxiu", "gw-2"))
    found = read(arrival(Channel.BIRTH, told.payload))
    assert isinstance(found, Unreadable)
    assert found.letter.reason == "foreign"
    assert "got jinxiu/gw-2, expected jinxiu/gw-1" in found.letter.detail


def test_each_channel_has_its_record() -> None:
    assert isinstance(read(birth()), BirthNotice)
    assert isinstance(read(state(Presence.ONLINE, NOON)), StateNotice)
    assert isinstance(read(account(NOON)), AccountNotice)
    assert isinstance(read(events([Event("lift-01", "lift.tilt", NOON)])), EventBatch)


def test_events_from_the_future_are_set_apart() -> None:
    ahead = Event("lift-01", "lift.tilt", NOON + timedelta(hours=1))
    found = read(events([Event("lift-01", "lift.tilt", NOON), ahead], seq=1))
    assert isinstance(found, EventBatch)
    assert (len(found.events), found.size) == (1, 2)
    assert decode_events(found.letters[0].payload).events == [ahead]


def test_events_of_unknown_assets_wait_in_one_letter() -> None:
    happened = [Event(f"lift-{number:02}", "lift.tilt", NOON) for number in range(1, 9)]
    known, (letter,) = split_events(happened, lambda asset: asset == "lift-01", topic="t", address=GATEWAY)
    assert [event.asset for event in known] == ["lift-01"]
    assert len(letter.names) == 7
    assert letter.detail == "no birth announced lift-02, lift-03, lift-04, lift-05, lift-06 and 2 more"
