"""Builders of batches and accounts that are to be held against each other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from arriving import NOON, Intake, arrival, birth, intake_on, state, telemetry

from anju_contracts.account import Account, Fault, StreamAccount, encode_account
from anju_contracts.clock import RealClock
from anju_contracts.envelope import Stream
from anju_contracts.state import Presence
from anju_contracts.topics import Channel
from anju_platform.ingest.models import Arrival
from anju_platform.reconcile.check import Changes, reconcile

MINUTE = timedelta(minutes=1)
PER_BATCH = 10


def batches(first: int, last: int, *, epoch: str = "e1") -> list[Arrival]:
    return [
        telemetry(
            [("lift-01/trips", NOON - timedelta(seconds=seq * PER_BATCH + n), 1.0) for n in range(PER_BATCH)],
            seq=seq,
            epoch=epoch,
        )
        for seq in range(first, last + 1)
    ]


def account(
    committed: int,
    *,
    queued: int = 0,
    dropped: dict[str, int] | None = None,
    last_seq: int | None = None,
    first_queued: int | None = None,
    epoch: str = "e1",
    at: datetime = NOON,
    received_at: datetime | None = None,
    faults: Sequence[Fault] = (),
) -> Arrival:
    """An account whose figures are given in batches of PER_BATCH samples."""
    dropped = dropped or {}
    produced = committed + queued + sum(dropped.values())
    told = StreamAccount(
        produced * PER_BATCH,
        committed * PER_BATCH,
        queued * PER_BATCH,
        {reason: count * PER_BATCH for reason, count in dropped.items()},
        produced if last_seq is None else last_seq,
        first_queued,
    )
    message = Account(epoch, at, {Stream.TELEMETRY: told}, faults=list(faults))
    return arrival(Channel.ACCOUNT, encode_account(message), at=received_at or at)


@contextmanager
def intake_with_a_gateway(url: str) -> Iterator[Intake]:
    with intake_on(url) as intake:
        intake.take(birth(), state(Presence.ONLINE, NOON))
        yield intake


def check(intake: Intake, *, now: datetime = NOON) -> Changes:
    return reconcile(intake.conn, now=now, clock=RealClock(), every_s=0)
