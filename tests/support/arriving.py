"""Builders of what arrives at ingest, and an ingest without a broker: messages in, rows out."""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from anju_contracts.account import Account, encode_account
from anju_contracts.birth import Asset, Birth, Point, PointKind, encode_birth
from anju_contracts.envelope import Envelope
from anju_contracts.event import Event, EventBatch, encode_events
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.state import GatewayState, Presence, encode_state
from anju_contracts.topics import Channel, GatewayAddress
from anju_platform.ingest.commit import Committer
from anju_platform.ingest.decode import decode
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.models import Arrival, Outcome
from anju_platform.ingest.tally import Tally
from anju_platform.storage.samples import to_us
from anju_platform.storage.telemetry import prepare_session

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
GATEWAY = GatewayAddress("jinxiu", "gw-1")
Reading = tuple[str, datetime, float]
_mids = itertools.count(1)


def arrival(
    channel: Channel, payload: bytes, *, address: GatewayAddress = GATEWAY, at: datetime = NOON, qos: int = 1
) -> Arrival:
    return Arrival(address.topic(channel), payload, at, next(_mids), qos)


def pack_of(
    readings: Iterable[Reading], *, seq: int | None = None, epoch: str = "e1", historical: bool = False
) -> Pack:
    pack = Pack(None if seq is None else Envelope(epoch, seq, historical))
    for name, at, value in readings:
        pack.append(name, to_us(at), value)
    return pack


def telemetry(
    readings: Iterable[Reading],
    *,
    seq: int | None = None,
    epoch: str = "e1",
    historical: bool = False,
    address: GatewayAddress = GATEWAY,
    at: datetime = NOON,
) -> Arrival:
    pack = pack_of(readings, seq=seq, epoch=epoch, historical=historical)
    return arrival(Channel.TELEMETRY, encode_pack(pack), address=address, at=at)


def events(
    happened: Iterable[Event], *, seq: int | None = None, address: GatewayAddress = GATEWAY, at: datetime = NOON
) -> Arrival:
    envelope = None if seq is None else Envelope("e1", seq)
    return arrival(Channel.EVENT, encode_events(EventBatch(envelope, list(happened))), address=address, at=at)


def lift(code: str = "lift-01", points: Iterable[str] = ("trips", "motor_temp_c"), *, model: str = "lm3") -> Asset:
    kinds = {"trips": ("1", PointKind.COUNTER), "motor_temp_c": ("Cel", PointKind.GAUGE)}
    return Asset(code, "lift", model, [Point(name, *kinds.get(name, ("1", PointKind.GAUGE))) for name in points])


def birth(
    assets: Iterable[Asset] = (), *, address: GatewayAddress = GATEWAY, at: datetime = NOON - timedelta(days=2)
) -> Arrival:
    made = Birth(address.community, address.gateway, "e1", "test", at, list(assets) or [lift()])
    return arrival(Channel.BIRTH, encode_birth(made), address=address)


def state(presence: Presence, at: datetime, *, address: GatewayAddress = GATEWAY) -> Arrival:
    return arrival(Channel.STATE, encode_state(GatewayState(presence, "e1", at)), address=address)


def account(at: datetime, *, free: int = 0) -> Arrival:
    return arrival(Channel.ACCOUNT, encode_account(Account("e1", at, {}, disk_free_bytes=free)))


@dataclass
class Intake:
    """Stores arrivals as ingest does, over one connection."""

    conn: psycopg.Connection
    telemetry_days: int = 400
    directory: PointDirectory = field(default_factory=PointDirectory)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        prepare_session(self.conn)
        self.committer = Committer(self.conn, self.directory, telemetry_days=self.telemetry_days)

    def take(self, *arrivals: Arrival, now: datetime = NOON) -> list[Outcome]:
        """Commit `arrivals` as one group, replay what waited for a birth among them, write the latest values."""
        messages = [decode(one, self.directory.of, telemetry_days=self.telemetry_days) for one in arrivals]
        outcomes = self.committer.commit(messages, now=now)
        for community in sorted(frozenset[str]().union(*(outcome.announced for outcome in outcomes))):
            self.directory.load(self.conn, [community])
            while (replayed := self.committer.replay(community, now=now)) is not None:
                outcomes.append(replayed)
        for outcome in outcomes:
            self.tally.add(outcome)
        self.tally.flush(self.conn)
        return outcomes

    def rows(self, query: str, *params: object) -> list[tuple[object, ...]]:
        return self.conn.execute(query.encode(), params or None).fetchall()

    def stored(self) -> list[tuple[object, ...]]:
        """Every reading as (asset/point, at, value, quality)."""
        return self.rows(
            "SELECT a.code || '/' || p.code, at, value, quality FROM telemetry JOIN point p ON p.id = point_id"
            " JOIN asset a ON a.id = asset_id ORDER BY 1, 2"
        )

    def latest(self) -> list[tuple[object, ...]]:
        return self.rows(
            "SELECT a.code || '/' || p.code, at, value, quality FROM latest JOIN point p ON p.id = point_id"
            " JOIN asset a ON a.id = asset_id ORDER BY 1"
        )

    def letters(self) -> list[tuple[object, ...]]:
        """(reason, waiting or not) of each dead letter, in the order of writing."""
        return self.rows("SELECT reason, replayed_at IS NULL FROM dead_letter ORDER BY id")


@contextmanager
def intake_on(url: str, *, telemetry_days: int = 400) -> Iterator[Intake]:
    with psycopg.connect(url, autocommit=True, options="-c TimeZone=UTC") as conn:
        yield Intake(conn, telemetry_days)
