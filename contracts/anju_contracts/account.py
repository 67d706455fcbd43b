"""Account: once a minute a gateway says what became of everything it took, so that nothing can go missing unseen."""

from datetime import datetime

import msgspec

from anju_contracts.envelope import Stream
from anju_contracts.errors import ContractError, decode_json
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MESSAGE = "account"


class StreamAccount(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of samples (or events) since the epoch began: produced = committed + queued + the sum of dropped."""

    produced: int
    committed: int
    queued: int
    dropped: dict[str, int] = {}
    last_seq: int = 0
    """The highest seq written so far."""
    first_queued: int | None = None
    """Every batch with a lower seq has left the outbox; None where nothing is queued or it isn't known."""


class AgentAccount(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    running: bool
    restarts: int = 0
    last_error: str | None = None


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something is wrong with the gateway itself. `code` is one of the `gateway.` codes; `since` is by the gateway's
    clock; `value` is how much, in the unit that the code's entry says."""

    code: str
    since: datetime
    value: float | None = None
    text: str | None = None


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sent once a minute, and at once when `faults` change. A fault that is not listed any more is over."""

    epoch: str
    at: datetime
    streams: dict[Stream, StreamAccount]
    agents: list[AgentAccount] = []
    outbox_bytes: int = 0
    disk_free_bytes: int | None = None
    clock_offset_s: float | None = None
    """The clock of the gateway's data minus the platform's, where receipts told the platform's."""
    faults: list[Fault] = []


def decode_account(payload: bytes) -> Account:
    """The account of `payload`; ContractError when a stream's counts don't add up."""
    account = decode_json(payload, Account, MESSAGE)
    check_name(account.epoch, message=MESSAGE, field="epoch")
    check_moment(account.at, message=MESSAGE, field="at")
    for index, fault in enumerate(account.faults):
        check_name(fault.code, message=MESSAGE, field=f"faults[{index}].code")
        check_moment(fault.since, message=MESSAGE, field=f"faults[{index}].since")
    for name, stream in account.streams.items():
        found = stream.committed + stream.queued + sum(stream.dropped.values())
        if stream.produced != found:
            expected = f"committed + queued + dropped = {found}"
            raise ContractError(MESSAGE, f"streams.{name}.produced", stream.produced, expected)
    return account


def encode_account(account: Account) -> bytes:
    return msgspec.json.encode(account)
