"""What the log of a command means, what goes over the wire, and when it is sent again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from anju_contracts.command import Command, CommandResponse, Refusal
from anju_platform.commands.models import Act, OpenCommand, State

FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 300.0
_MEANING: Final = {
    Act.SENT: State.SENT,
    Act.UNDELIVERED: State.SENT,
    Act.DELIVERED: State.DELIVERED,
    Act.EXPIRED: State.EXPIRED,
    Act.REFUSED: State.REFUSED,
    Act.DONE: State.DONE,
}
_RANK: Final = {
    State.ASKED: 0,
    State.SENT: 1,
    State.DELIVERED: 2,
    State.EXPIRED: 3,
    State.REFUSED: 4,
    State.DONE: 4,
}


def after(state: State, act: Act) -> State:
    """The state after `act`. Acts may be written late: an answer outdoes an expiry, nothing outdoes an answer."""
    meant = _MEANING.get(act, state)
    return meant if _RANK[meant] > _RANK[state] else state


def act_of(response: CommandResponse) -> Act:
    """What an answer tells. That a gateway refuses a replay only says that it had the command before: a command is sent
    until it is answered."""
    if response.done:
        return Act.DONE
    return Act.REPEATED if response.reason is Refusal.REPLAYED else Act.REFUSED


def on_the_wire(found: OpenCommand) -> Command:
    """Not signed yet."""
    return Command(
        id=found.wire_id,
        community=found.community_id,
        gateway=found.gateway_id,
        action=found.action,
        issued_at=found.issued_at,
        expires_at=found.expires_at,
        asset=found.asset,
        params=found.params,
    )


@dataclass(slots=True)
class Schedule:
    """When each command is sent again, ever more seldom (monotonic seconds). Kept in memory: after a restart everything
    that is open is sent at once, which a gateway takes for what it is."""

    _waits: dict[int, tuple[float, float]] = field(default_factory=dict)

    def is_due(self, command_id: int, now_s: float) -> bool:
        return command_id not in self._waits or now_s >= self._waits[command_id][0]

    def sent(self, command_id: int, now_s: float) -> None:
        _, wait_s = self._waits.get(command_id, (0.0, FIRST_WAIT_S))
        self._waits[command_id] = (now_s + wait_s, min(2 * wait_s, LONGEST_WAIT_S))

    def keep(self, command_ids: Iterable[int]) -> None:
        """Forget all others."""
        kept = set(command_ids)
        for command_id in self._waits.keys() - kept:
            del self._waits[command_id]
