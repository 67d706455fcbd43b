"""Certificates, revocation and rights, as `anju gateway` makes them, on a real Mosquitto."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from eventual import eventually
from guarded import Guarded, guarded_broker

from anju_contracts.topics import DOWNLINK, UPLINK, Channel, GatewayAddress, filter_for
from anju_platform.enrol.authority import create_authority, open_authority

pytestmark = pytest.mark.mosquitto
A = GatewayAddress("jinxiu", "gw-1")
B = GatewayAddress("jinxiu", "gw-2")
SAME_NAME_ELSEWHERE = GatewayAddress("yihe", "gw-1")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with guarded_broker(tmp_path) as running:
        yield running


def test_an_enrolled_gateway_speaks_on_its_own_topics_and_hears_its_own_receipts(guarded: Guarded) -> None:
    gateway, platform = guarded.gateway(guarded.enrol(A)), guarded.platform()
    assert gateway.connect()
    for channel in DOWNLINK:
        gateway.subscribe(A.topic(channel))
    platform.subscribe(filter_for(Channel.TELEMETRY, share="ingest"))
    assert all(gateway.publish(A.topic(channel)) for channel in UPLINK)
    assert platform.next_topic() == A.topic(Channel.TELEMETRY)
    for channel in DOWNLINK:
        assert platform.publish(A.topic(channel))
        assert gateway.next_topic() == A.topic(channel)


@pytest.mark.parametrize("other", [B, SAME_NAME_ELSEWHERE], ids=str)
def test_a_gateway_can_speak_for_no_other_and_not_for_the_platform(guarded: Guarded, other: GatewayAddress) -> None:
    gateway = guarded.gateway(guarded.enrol(A))
    guarded.enrol(other)
    assert gateway.connect()
    foreign = [other.topic(channel) for channel in (*UPLINK, *DOWNLINK)]
    assert [topic for topic in foreign if gateway.publish(topic)] == []
    assert [channel for channel in DOWNLINK if gateway.publish(A.topic(channel))] == []
    assert not gateway.publish("anything/else")


@pytest.mark.parametrize(
    "wish", ["#", "anju/#", "anju/1/+/+/receipt", "anju/1/jinxiu/gw-2/+", B.topic(Channel.RECEIPT)]
)
def test_a_gateway_hears_nothing_of_others_whatever_it_subscribes_to(guarded: Guarded, wish: str) -> None:
    gateway, platform = guarded.gateway(guarded.enrol(A)), guarded.platform()
    other = guarded.gateway(guarded.enrol(B))
    assert gateway.connect()
    assert other.connect()
    gateway.subscribe(wish)
    assert other.publish(B.topic(Channel.EVENT))
    assert all(platform.publish(B.topic(channel)) for channel in DOWNLINK)
    gateway.subscribe(A.topic(Channel.RECEIPT))
    assert platform.publish(A.topic(Channel.RECEIPT))
    assert gateway.next_topic() == A.topic(Channel.RECEIPT)


def test_a_gateway_can_push_no_other_off_by_using_its_client_id(guarded: Guarded) -> None:
    victim = guarded.gateway(guarded.enrol(B), client_id="anju-jinxiu-gw-2")
    platform = guarded.platform(client_id="anju-ingest")
    assert victim.connect()
    box = guarded.enrol(A)
    for stolen in ("anju-jinxiu-gw-2", str(B), "anju-ingest"):
        assert guarded.gateway(box, client_id=stolen).connect()
    assert victim.publish(B.topic(Channel.EVENT))
    assert platform.publish(B.topic(Channel.RECEIPT))
    assert (victim.ended, platform.ended) == ([], [])


def test_an_expired_certificate_is_refused(guarded: Guarded) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with guarded.authority() as authority:
        made = authority.enrol(A, now=yesterday, days=0.9)
    assert not guarded.gateway(guarded.hand_over(A, made)).connect()


def test_a_revoked_certificate_is_refused_once_the_broker_has_reloaded(guarded: Guarded) -> None:
    box, other = guarded.enrol(A), guarded.enrol(B)
    assert guarded.gateway(box).connect()
    guarded.revoke(A)
    guarded.reload()
    assert not guarded.gateway(box).connect()
    assert guarded.gateway(other).connect()


def test_who_is_shut_out_while_connected_loses_every_right_and_nobody_else_notices(guarded: Guarded) -> None:
    gateway, other = guarded.gateway(guarded.enrol(A)), guarded.gateway(guarded.enrol(B))
    platform = guarded.platform()
    for client, address in ((gateway, A), (other, B)):
        assert client.connect()
        client.subscribe(address.topic(Channel.RECEIPT))
    guarded.revoke(A)
    guarded.reload()
    assert not any(gateway.publish(A.topic(channel)) for channel in UPLINK)
    assert platform.publish(A.topic(Channel.RECEIPT))
    assert platform.publish(B.topic(Channel.RECEIPT))
    assert other.next_topic() == B.topic(Channel.RECEIPT)
    assert other.publish(B.topic(Channel.TELEMETRY))
    assert gateway.messages.empty()
    assert other.ended == []


def test_a_gateway_that_is_enrolled_again_is_let_in_and_pushes_its_stolen_twin_off(guarded: Guarded) -> None:
    stolen = guarded.gateway(guarded.enrol(A))
    assert stolen.connect()
    guarded.revoke(A)
    new = guarded.gateway(guarded.enrol(A))
    guarded.reload()
    assert new.connect()
    assert new.publish(A.topic(Channel.TELEMETRY))
    assert eventually(lambda: stolen.ended)


def test_old_and_new_certificate_are_both_good_until_the_old_one_is_revoked(guarded: Guarded, tmp_path: Path) -> None:
    box = guarded.enrol(A)
    old = tmp_path / "old" / "gateway.pem"
    old.parent.mkdir()
    for suffix in (".pem", ".key"):
        old.with_suffix(suffix).write_bytes((box / f"gateway{suffix}").read_bytes())
    guarded.enrol(A, rotate=True)
    assert guarded.with_certificate(old).connect()
    assert guarded.gateway(box).connect()
    with guarded.authority() as authority:
        serial = authority.of_gateway(A)[0].serial
    guarded.revoke(A, serial)
    guarded.reload()
    assert not guarded.with_certificate(old).connect()
    renewed = guarded.gateway(box)
    assert renewed.connect()
    assert renewed.publish(A.topic(Channel.TELEMETRY))


def test_a_certificate_of_another_authority_is_refused(guarded: Guarded, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    create_authority(tmp_path / "foreign", title="test", now=now)
    with open_authority(tmp_path / "foreign") as foreign:
        made = foreign.enrol(A, now=now, days=1)
    assert not guarded.gateway(guarded.hand_over(A, made)).connect()


def test_whoever_has_no_certificate_or_one_for_another_purpose_is_refused(guarded: Guarded) -> None:
    assert not guarded.with_certificate(None).connect()
    assert not guarded.with_certificate(guarded.folder / "broker" / "broker.pem").connect()
