"""The account of a moment: what became of everything the gateway took, and what is wrong with the gateway itself."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anju_contracts.account import Account, AgentAccount, Fault, StreamAccount
from anju_contracts.envelope import MAX_SEQ, Stream
from anju_gateway.data_clock import DataClock
from anju_gateway.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Books:
    """Where an account is read from. `faults` are those of everything but the uplink."""

    outbox: Outbox
    clock: DataClock
    data_dir: Path
    agents: Callable[[], Sequence[AgentAccount]]

    def faults(self) -> list[Fault]:
        return [*self.clock.faults(), *self.outbox.faults()]

    def account(self, *, epoch: str, faults: Sequence[Fault]) -> Account:
        counts = self.outbox.counts()
        return Account(
            epoch=epoch,
            at=self.clock.now(),
            streams={
                stream: StreamAccount(
                    count.produced,
                    count.committed,
                    count.queued,
                    {reason: samples for reason, samples in count.dropped.items() if samples},
                    count.last_seq,
                    self._first_queued(stream),
                )
                for stream, count in counts.items()
            },
            agents=list(self.agents()),
            outbox_bytes=sum(count.queued_bytes for count in counts.values()),
            disk_free_bytes=_free_bytes(self.data_dir),
            clock_offset_s=self.clock.offset_s,
            faults=list(faults),
        )

    def _first_queued(self, stream: Stream) -> int | None:
        """Read after the counts, so that no batch below it is still queued by them or by itself."""
        first = self.outbox.read(stream, after=0, up_to=MAX_SEQ, most=1)
        return first[0].seq if first else None


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
