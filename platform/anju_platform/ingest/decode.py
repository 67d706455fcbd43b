"""Bytes to typed records. The topic says whose message it is; what the message claims must agree. Pure."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from anju_contracts.account import decode_account
from anju_contracts.birth import decode_birth
from anju_contracts.envelope import Envelope
from anju_contracts.errors import ContractError
from anju_contracts.event import decode_events
from anju_contracts.senml import decode_pack
from anju_contracts.state import decode_state
from anju_contracts.topics import Channel, GatewayAddress, parse_topic
from anju_platform.ingest.models import (
    AccountNotice,
    Arrival,
    BirthNotice,
    EventBatch,
    Letter,
    Message,
    StateNotice,
    TelemetryBatch,
    Unreadable,
)
from anju_platform.ingest.plain_packs import PlainPack, Span, read_plain, spans_of
from anju_platform.ingest.screen import Window, screen, screen_events

UNREADABLE: Final = "unreadable"
FOREIGN: Final = "foreign"
"""A message that speaks for another gateway than the one whose topic it came by."""
_TELEMETRY_LEVEL: Final = f"/{Channel.TELEMETRY}"
PointIds = Callable[[str], Mapping[str, int]]
"""The point ids of a community by `asset/point`."""


_topic_of = lru_cache(maxsize=10_000)(parse_topic)
"""A gateway publishes on few topics, and on each of them again and again."""


def decode_all(arrivals: Sequence[Arrival], point_ids: PointIds, *, telemetry_days: int) -> list[Message]:
    """The messages of `arrivals` in their order: as `decode` gives them one by one, but many times as fast."""
    plain: list[tuple[int, GatewayAddress, PlainPack]] = []
    for index, arrival in enumerate(arrivals):
        if arrival.topic.endswith(_TELEMETRY_LEVEL):
            with suppress(ContractError):
                address, _ = _topic_of(arrival.topic)
                pack = read_plain(arrival.payload, point_ids(address.community))
                if pack is not None:
                    plain.append((index, address, pack))
    windows = [Window.at(arrivals[index].received_at, telemetry_days=telemetry_days) for index, _, _ in plain]
    found: dict[int, Message] = {}
    for (index, address, pack), span in zip(plain, spans_of([pack for _, _, pack in plain], windows), strict=True):
        if span is not None:
            found[index] = _plain_batch(arrivals[index], address, pack.envelope, span)
    return [
        found.get(index) or decode(arrival, point_ids, telemetry_days=telemetry_days)
        for index, arrival in enumerate(arrivals)
    ]


def _plain_batch(arrival: Arrival, address: GatewayAddress, envelope: Envelope | None, span: Span) -> TelemetryBatch:
    return TelemetryBatch(
        arrival,
        address,
        envelope,
        span.samples,
        size=len(span.samples),
        first_at_us=span.first_at_us,
        last_at_us=span.last_at_us,
    )


def decode(arrival: Arrival, point_ids: PointIds, *, telemetry_days: int) -> Message:
    """The message of `arrival`; Unreadable where it breaks the contract, never an exception."""
    address = None
    try:
        address, channel = _topic_of(arrival.topic)
        if channel is Channel.TELEMETRY:
            return _telemetry(arrival, address, point_ids(address.community), telemetry_days)
        return _DECODERS[channel](arrival, address)
    except ContractError as exc:
        return _unreadable(arrival, address, UNREADABLE, str(exc))
    except KeyError:
        return _unreadable(arrival, address, UNREADABLE, f"topic: got {arrival.topic!r}, expected an uplink channel")
    except (ValueError, RecursionError, OverflowError) as exc:
        return _unreadable(arrival, address, UNREADABLE, f"{type(exc).__name__}: {exc}")


def _unreadable(arrival: Arrival, address: GatewayAddress | None, reason: str, detail: str) -> Unreadable:
    return Unreadable(arrival, Letter(arrival.topic, reason, detail, arrival.payload, address))


def _telemetry(
    arrival: Arrival, address: GatewayAddress, ids: Mapping[str, int], telemetry_days: int
) -> TelemetryBatch:
    pack = decode_pack(arrival.payload, now=arrival.received_at)
    window = Window.at(arrival.received_at, telemetry_days=telemetry_days)
    found = screen(pack, ids, window, topic=arrival.topic, address=address)
    return TelemetryBatch(
        arrival,
        address,
        pack.envelope,
        found.samples,
        found.unknown,
        found.letters,
        size=len(pack),
        first_at_us=min(pack.at_us),
        last_at_us=max(pack.at_us),
    )


def _events(arrival: Arrival, address: GatewayAddress) -> EventBatch:
    batch = decode_events(arrival.payload)
    events, letters = screen_events(batch.events, arrival.received_at, topic=arrival.topic, address=address)
    moments = [event.at for event in batch.events]
    return EventBatch(arrival, address, batch.envelope, events, len(batch.events), min(moments), max(moments), letters)


def _birth(arrival: Arrival, address: GatewayAddress) -> Message:
    birth = decode_birth(arrival.payload)
    if (birth.community, birth.gateway) != (address.community, address.gateway):
        detail = f"birth: got {birth.community}/{birth.gateway}, expected {address}, by its topic"
        return _unreadable(arrival, address, FOREIGN, detail)
    return BirthNotice(arrival, address, birth)


def _state(arrival: Arrival, address: GatewayAddress) -> StateNotice:
    return StateNotice(arrival, address, decode_state(arrival.payload))


def _account(arrival: Arrival, address: GatewayAddress) -> AccountNotice:
    return AccountNotice(arrival, address, decode_account(arrival.payload))


_DECODERS: Final[Mapping[Channel, Callable[[Arrival, GatewayAddress], Message]]] = MappingProxyType(
    {Channel.EVENT: _events, Channel.BIRTH: _birth, Channel.STATE: _state, Channel.ACCOUNT: _account}
)


def not_after(at: datetime, now: datetime) -> datetime:
    """`at`, but never ahead of `now`: one message from a clock that runs ahead must not outdate all that follow."""
    return min(at, now)
