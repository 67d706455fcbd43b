"""What of a decoded message may be stored, and what goes to the dead letters. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from anju_contracts.event import Event, EventBatch, encode_events
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.topics import GatewayAddress
from anju_platform.ingest.models import Letter
from anju_platform.storage.retention import kept_since
from anju_platform.storage.samples import Samples, from_us, to_us

AHEAD: Final = timedelta(minutes=10)
"""A sample further ahead of the clock than this comes from a clock that is wrong."""
FUTURE: Final = "future"
PAST: Final = "past"
UNKNOWN_POINT: Final = "unknown_point"
_SHOWN_NAMES: Final = 5


_AHEAD_US: Final = AHEAD // timedelta(microseconds=1)


class Window(msgspec.Struct, frozen=True, gc=False):
    """The moments, in microseconds since 1970, whose readings may be stored: both ends included."""

    since_us: int
    until_us: int

    @classmethod
    def at(cls, now: datetime, *, telemetry_days: int) -> "Window":
        return cls(_since_us(now.astimezone(UTC).date(), telemetry_days), to_us(now) + _AHEAD_US)

    def holds(self, at_us: int) -> bool:
        return self.since_us <= at_us <= self.until_us


@lru_cache(maxsize=8)
def _since_us(day: date, telemetry_days: int) -> int:
    return to_us(kept_since(datetime.combine(day, time(), UTC), telemetry_days=telemetry_days))


@dataclass(frozen=True, slots=True)
class Screened:
    """`samples` are of known points and within the window; `unknown` is None where every point is known."""

    samples: Samples
    unknown: Pack | None
    letters: tuple[Letter, ...]


def screen(pack: Pack, ids: Mapping[str, int], window: Window, *, topic: str, address: GatewayAddress) -> Screened:
    """Split `pack`: `ids` are point ids by `asset/point`; samples outside `window` become letters."""
    point_ids = [ids.get(name, 0) for name in pack.names]
    inside = window.since_us <= min(pack.at_us) and max(pack.at_us) <= window.until_us
    if inside and 0 not in point_ids:
        return Screened(Samples.of(point_ids, pack.at_us, pack.values, pack.qualities), None, ())
    letters = tuple(_letters_outside(pack, window, topic, address))
    kept = [index for index, at_us in enumerate(pack.at_us) if window.holds(at_us)]
    known = [index for index in kept if point_ids[index]]
    return Screened(
        Samples.of(
            [point_ids[index] for index in known],
            [pack.at_us[index] for index in known],
            [pack.values[index] for index in known],
            [pack.qualities[index] for index in known],
        ),
        part_of(pack, [index for index in kept if not point_ids[index]]),
        letters,
    )


def part_of(pack: Pack, indices: Iterable[int]) -> Pack | None:
    """The samples at `indices` without envelope; None where there are none."""
    part = Pack()
    for index in indices:
        part.append(pack.names[index], pack.at_us[index], pack.values[index], pack.qualities[index], pack.units[index])
    return part if part.names else None


def _letters_outside(pack: Pack, window: Window, topic: str, address: GatewayAddress) -> Iterable[Letter]:
    ahead = part_of(pack, (index for index, at_us in enumerate(pack.at_us) if at_us > window.until_us))
    behind = part_of(pack, (index for index, at_us in enumerate(pack.at_us) if at_us < window.since_us))
    if ahead:
        found, limit = from_us(max(ahead.at_us)), from_us(window.until_us)
        detail = f"t: got {found.isoformat()}, expected at most {limit.isoformat()}, by the platform's clock"
        yield Letter(topic, FUTURE, detail, encode_pack(ahead), address)
    if behind:
        found, limit = from_us(min(behind.at_us)), from_us(window.since_us)
        detail = f"t: got {found.isoformat()}, expected {limit.isoformat()} or later: older readings are not kept"
        yield Letter(topic, PAST, detail, encode_pack(behind), address)


def unknown_letter(pack: Pack, *, topic: str, address: GatewayAddress) -> Letter:
    """The letter that waits until a birth announces the points of `pack`."""
    names = tuple(sorted(set(pack.names)))
    return Letter(topic, UNKNOWN_POINT, _not_announced(names), encode_pack(pack), address, names)


def screen_events(
    events: Iterable[Event], now: datetime, *, topic: str, address: GatewayAddress
) -> tuple[tuple[Event, ...], tuple[Letter, ...]]:
    """The events that may be stored, and a letter with those from the future."""
    limit = now + AHEAD
    kept: list[Event] = []
    ahead: list[Event] = []
    for event in events:
        (ahead if event.at > limit else kept).append(event)
    if not ahead:
        return tuple(kept), ()
    found = max(event.at for event in ahead)
    detail = f"at: got {found.isoformat()}, expected at most {limit.isoformat()}, by the platform's clock"
    return tuple(kept), (Letter(topic, FUTURE, detail, encode_events(EventBatch(None, ahead)), address),)


def split_events(
    events: Iterable[Event], is_known: Callable[[str], bool], *, topic: str, address: GatewayAddress
) -> tuple[list[Event], tuple[Letter, ...]]:
    """Events of assets that `is_known` knows, and the letter in which the others wait for a birth."""
    known: list[Event] = []
    unknown: list[Event] = []
    for event in events:
        (known if is_known(event.asset) else unknown).append(event)
    if not unknown:
        return known, ()
    names = tuple(sorted({event.asset for event in unknown}))
    payload = encode_events(EventBatch(None, unknown))
    return known, (Letter(topic, UNKNOWN_POINT, _not_announced(names), payload, address, names),)


def _not_announced(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"no birth announced {', '.join(names[:_SHOWN_NAMES])}{more}"
