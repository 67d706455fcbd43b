"""Events and alarms: raise and clear, or momentary; batched, numbered and receipted on a stream of their own."""

from datetime import datetime
from enum import StrEnum

import msgspec

from anju_contracts.codes import Severity
from anju_contracts.envelope import Envelope, envelope_of
from anju_contracts.errors import ContractError, decode_json
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MESSAGE = "event"
MAX_EVENTS = 1_000


class EventState(StrEnum):
    """A `RAISE` holds until its `CLEAR`; `MOMENTARY` events have no duration."""

    RAISE = "raise"
    CLEAR = "clear"
    MOMENTARY = "momentary"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that happened to an asset. (asset, code, at, state) is its identity: repeated, it is stored once."""

    asset: str
    code: str
    at: datetime
    state: EventState = EventState.MOMENTARY
    severity: Severity = Severity.MINOR
    value: float | None = None
    vendor_code: str | None = None
    text: str | None = None


class EventMessage(msgspec.Struct, omit_defaults=True):
    """The batch as it is on the wire."""

    events: list[Event]
    epoch: str | None = None
    seq: int | None = None
    historical: bool | None = None
    taken_at: datetime | None = None


class EventBatch(msgspec.Struct, frozen=True):
    envelope: Envelope | None
    events: list[Event]


def decode_events(payload: bytes) -> EventBatch:
    """The batch of `payload`; ContractError names the field, for example `events[2].at`."""
    message = decode_json(payload, EventMessage, MESSAGE)
    if not 1 <= len(message.events) <= MAX_EVENTS:
        raise ContractError(MESSAGE, "events", len(message.events), f"1 to {MAX_EVENTS} events")
    for index, event in enumerate(message.events):
        check_name(event.asset, message=MESSAGE, field=f"events[{index}].asset")
        check_name(event.code, message=MESSAGE, field=f"events[{index}].code")
        check_moment(event.at, message=MESSAGE, field=f"events[{index}].at")
    envelope = envelope_of(message.epoch, message.seq, message.historical, message.taken_at, message=MESSAGE)
    return EventBatch(envelope, message.events)


def encode_events(batch: EventBatch) -> bytes:
    envelope = batch.envelope
    return msgspec.json.encode(
        EventMessage(
            batch.events,
            envelope.epoch if envelope else None,
            envelope.seq if envelope else None,
            envelope.historical if envelope else None,
            envelope.taken_at if envelope else None,
        )
    )
