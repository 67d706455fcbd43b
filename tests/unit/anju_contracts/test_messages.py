from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts import account, birth, command, event, receipt, state
from anju_contracts.envelope import Envelope, Stream
from anju_contracts.errors import ContractError, shown
from anju_contracts.kinds import Label

AT = datetime(2026, 3, 1, tzinfo=UTC)
names = st.text("aZ09._-", max_size=6).map("x".__add__)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
numbers = st.floats(allow_nan=False, allow_infinity=False)
events = st.builds(
    event.Event,
    asset=names,
    code=names,
    at=moments,
    state=st.sampled_from(event.EventState),
    severity=st.sampled_from(event.Severity),
    value=st.none() | numbers,
    vendor_code=st.none() | st.text(max_size=9),
    text=st.none() | st.text(max_size=9),
)


envelopes = st.builds(Envelope, names, st.integers(1, 2**53 - 1), st.booleans(), st.none() | moments)


@given(st.none() | envelopes, st.lists(events, min_size=1))
def test_events_survive_the_wire(envelope: Envelope | None, batch: list[event.Event]) -> None:
    sent = event.EventBatch(envelope, batch)
    assert event.decode_events(event.encode_events(sent)) == sent


points = st.builds(
    birth.Point,
    id=names,
    unit=st.sampled_from(["1", "Cel", "kW.h"]),
    kind=st.sampled_from(birth.PointKind),
    label=st.none() | st.builds(Label, st.text(max_size=9), st.text(max_size=9)),
)
assets = st.builds(
    birth.Asset,
    id=names,
    kind=names,
    model=names,
    points=st.lists(points, unique_by=lambda point: point.id),
    location=st.none() | st.text(max_size=9),
    installed_on=st.none() | st.dates(),
    attributes=st.dictionaries(st.text(max_size=5), st.text(max_size=5) | numbers, max_size=3),
)


@given(st.lists(assets, max_size=4, unique_by=lambda asset: asset.id), names, moments)
def test_a_birth_survives_the_wire(announced: list[birth.Asset], name: str, at: datetime) -> None:
    sent = birth.Birth(name, name, name, "anju-gateway 0.1.0", at, announced)
    assert birth.decode_birth(birth.encode_birth(sent)) == sent


@given(st.sets(st.integers(1, 300)), st.none() | moments)
def test_ranges_hold_exactly_the_numbers_they_were_made_of(seqs: set[int], at: datetime | None) -> None:
    ranges = receipt.ranges_of(seqs)
    sent = receipt.Receipt("e1", Stream.TELEMETRY, ranges, at)
    assert receipt.decode_receipt(receipt.encode_receipt(sent)) == sent
    assert [seq for first, last in ranges for seq in range(first, last + 1)] == sorted(seqs)
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(ranges))


@pytest.mark.parametrize("ranges", [[[0, 1]], [[3, 2]], [[1, 5], [5, 6]], [[4, 5], [1, 2]]])
def test_ranges_out_of_order_are_refused(ranges: list[list[int]]) -> None:
    payload = msgspec.json.encode({"epoch": "e1", "stream": "event", "ranges": ranges})
    with pytest.raises(ContractError, match=r"ranges\[\d\]"):
        receipt.decode_receipt(payload)


@pytest.mark.parametrize("start", [b"", b'{"epoch": 1, "deep": '])
def test_what_is_nested_too_deeply_is_refused(start: bytes) -> None:
    deep = b"[" * 10_000 + b"]" * 10_000
    with pytest.raises(ContractError, match="receipt"):
        receipt.decode_receipt(start + deep + (b"}" if start else b""))


def birth_with(**change: object) -> bytes:
    point = {"id": "x", "unit": "s"}
    lift = {"id": "lift-01", "kind": "lift", "model": "m", "points": [point]}
    whole = {"community": "c", "gateway": "g", "epoch": "e", "software": "s", "at": "2026-03-01T00:00:00Z"}
    return msgspec.json.encode({**whole, "assets": [lift], **change})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"community": "a/b"}, "community"),
        ({"gateway": ""}, "gateway"),
        ({"at": "2026-03-01T00:00:00"}, "at"),
        ({"at": "1970-01-01T00:00:00Z"}, "at"),
        ({"assets": [{"id": "l", "kind": "li ft", "model": "m", "points": []}]}, "assets[0].kind"),
        ({"assets": [{"id": "l", "kind": "lift", "points": []}]}, "assets[0].model"),
        ({"assets": [{"id": "l", "kind": "lift", "model": "m", "points": []}] * 2}, "assets[1].id"),
        (
            {"assets": [{"id": "l", "kind": "k", "model": "m", "points": [{"id": "x"}, {"id": "x"}]}]},
            "assets[0].points[1].id",
        ),
        (
            {"assets": [{"id": "l", "kind": "k", "model": "m", "points": [{"id": "x", "unit": "parsec"}]}]},
            "assets[0].points[0].unit",
        ),
        (
            {"assets": [{"id": "l", "kind": "k", "model": "m", "points": [{"id": "x", "kind": "sum"}]}]},
            "assets[0].points[0].kind",
        ),
        (
            {
                "assets": [
                    {"id": "l", "kind": "k", "model": "m", "points": [{"id": f"p{i}"} for i in range(50_001)]},
                ]
            },
            "assets",
        ),
    ],
)
def test_a_wrong_birth_is_refused_by_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(ContractError) as caught:
        birth.decode_birth(birth_with(**change))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"asset": "a b"}, "events[0].asset"),
        ({"code": "#"}, "events[0].code"),
        ({"at": "yesterday"}, "events[0].at"),
        ({"at": "2026-03-01T00:00:00"}, "events[0].at"),
        ({"state": "on"}, "events[0].state"),
    ],
)
def test_a_wrong_event_is_refused_by_field(change: dict[str, object], field: str) -> None:
    good = {"asset": "lift-01", "code": "lift.tilt", "at": "2026-03-01T00:00:00Z"}
    with pytest.raises(ContractError) as caught:
        event.decode_events(msgspec.json.encode({"events": [{**good, **change}]}))
    assert caught.value.field == field


def test_an_empty_batch_of_events_is_refused() -> None:
    with pytest.raises(ContractError, match="1 to 1000 events"):
        event.decode_events(b'{"events":[]}')


def test_an_account_whose_counts_do_not_add_up_is_refused() -> None:
    wrong = account.StreamAccount(produced=10, committed=5, queued=3, dropped={"outbox_full": 1})
    payload = account.encode_account(account.Account("e1", AT, {Stream.TELEMETRY: wrong}))
    with pytest.raises(ContractError) as caught:
        account.decode_account(payload)
    assert (caught.value.field, caught.value.value) == ("streams.telemetry.produced", 10)


def test_a_time_without_a_zone_is_refused_wherever_it_stands() -> None:
    payload = b'{"epoch":"e1","stream":"event","ranges":[],"at":"2026-03-01T00:00:00"}'
    with pytest.raises(ContractError, match="receipt: field at"):
        receipt.decode_receipt(payload)
    one = b'{"asset":"a","code":"c","at":"2026-03-01T00:00:00Z"}'
    payload = b'{"epoch":"e1","seq":1,"taken_at":"2026-03-01T00:00:00","events":[' + one + b"]}"
    with pytest.raises(ContractError, match="event: field taken_at"):
        event.decode_events(payload)


@pytest.mark.parametrize(("code", "since"), [("a b", AT), ("gateway.clock_jump", datetime(1999, 1, 1, tzinfo=UTC))])
def test_an_account_with_a_fault_that_is_none_is_refused(code: str, since: datetime) -> None:
    payload = account.encode_account(account.Account("e1", AT, {}, faults=[account.Fault(code, since)]))
    with pytest.raises(ContractError, match=r"faults\[0\]"):
        account.decode_account(payload)


def test_a_state_without_epoch_is_refused() -> None:
    with pytest.raises(ContractError, match="epoch"):
        state.decode_state(b'{"state":"online","at":"2026-03-01T00:00:00Z"}')


def a_command(**change: object) -> command.Command:
    whole = command.Command("c-1", "jinxiu", "gw-1", "unlock", AT, AT + timedelta(seconds=30), "door-01")
    return msgspec.structs.replace(whole, **change)


@pytest.mark.parametrize("expires_after", [timedelta(0), timedelta(seconds=-1), timedelta(days=1, seconds=1)], ids=str)
def test_a_command_is_valid_for_a_time_and_at_most_for_a_day(expires_after: timedelta) -> None:
    with pytest.raises(ContractError, match="after issued_at, at most a day"):
        command.decode_command(command.encode_command(a_command(expires_at=AT + expires_after)))


@pytest.mark.parametrize(
    "change",
    [
        {"id": "c-2"},
        {"gateway": "gw-2"},
        {"community": "other"},
        {"action": "lock"},
        {"asset": "door-02"},
        {"asset": None},
        {"issued_at": AT - timedelta(seconds=1)},
        {"expires_at": AT + timedelta(seconds=31)},
        {"params": {"seconds": 9.0}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_a_command_is_signed(change: dict[str, object]) -> None:
    assert command.signed_part(a_command(**change)) != command.signed_part(a_command())


def test_what_is_signed_is_what_the_receiver_reads() -> None:
    local = AT.astimezone(timezone(timedelta(hours=8)))
    sent = a_command(params={"seconds": 5, "loud": True, "text": "门"}, issued_at=local, signature="ab")
    received = command.decode_command(command.encode_command(sent))
    assert command.signed_part(received) == command.signed_part(sent)


def test_a_response_survives_the_wire() -> None:
    sent = command.CommandResponse("c-1", done=True, at=AT, result={"open": True})
    assert command.decode_response(command.encode_response(sent)) == sent


def test_a_long_value_is_cut_where_an_error_shows_it() -> None:
    assert len(shown("x" * 1000)) == 80
