"""From the raw values of one device to samples and events: pure, with time as an argument."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from anju_contracts.codes import CODES, Severity
from anju_contracts.names import is_name
from anju_contracts.quality import Quality
from anju_edge_agent.profile import PointSpec, Profile, points_of
from anju_edge_agent.rules import CodeWatch, EventRule, ThresholdWatch, event_of, momentary
from anju_edge_agent.samples import Handover, Sample
from anju_edge_agent.sampling import Sampler
from anju_edge_agent.silence import Silence

GOOD, UNCERTAIN, BAD = Quality.GOOD.value, Quality.UNCERTAIN.value, Quality.BAD.value
MOST_CODES = 256
"""A device that makes up codes gets no more memory than this; what it reports beyond is passed on undebounced."""
SILENT = EventRule("device.silent", CODES["device.silent"].severity)


@dataclass(frozen=True, slots=True)
class Device:
    """A configured device: `address` is how its driver finds it (unit number, vendor id), `period_s` how often it
    speaks or is asked, in seconds of the data."""

    asset: str
    profile: Profile
    address: str
    period_s: float


class DeviceFlow:
    """What must be remembered between two readings of a device. `raised` are the codes of its alarms that were
    raised when the gateway last ran, so that their clear is not lost."""

    def __init__(self, device: Device, *, now_us: int, raised: Collection[str] = ()) -> None:
        profile = device.profile
        self.device = device
        self.silence = Silence(
            period_s=device.period_s, misses=profile.silent_after, now_us=now_us, silent=SILENT.code in raised
        )
        self._asset = device.asset
        self._raised = frozenset(raised)
        self._thresholds: dict[int, list[ThresholdWatch]] = {}
        for threshold in profile.thresholds:
            watch = ThresholdWatch(threshold, device.asset, raised=threshold.rule.code in raised)
            self._thresholds.setdefault(threshold.point, []).append(watch)
        self._slots = [_slot(point, self._thresholds.get(n, ())) for n, point in enumerate(points_of(profile))]
        self._codes: dict[str, CodeWatch] = {}

    def take(self, at_us: int, raw: Iterable[tuple[int, float]], out: Handover, *, doubtful: bool = False) -> None:
        """Values as the device gave them, by point index, all true at `at_us`. `doubtful` marks a time that had to
        be replaced. One that is no finite number in the point's unit is no value."""
        usual = UNCERTAIN if doubtful else GOOD
        for index, found in raw:
            name, linear, error, low, high, sampler, watches = self._slots[index]
            value = found if linear is None else round(found * linear[0] + linear[1], 9)
            if linear is not None and not math.isfinite(value):
                continue
            quality = usual
            if found == error:
                quality = BAD
            elif not low <= value <= high:
                quality = UNCERTAIN
            if sampler is None or sampler.wants(at_us, value, quality):
                out.samples.append(Sample(self._asset, name, at_us, value, quality))
            if watches and quality == GOOD:
                for watch in watches:
                    out.events += watch.observe(at_us, value)

    def report(self, at_us: int, rule: EventRule, active: bool | None, out: Handover) -> None:
        """An event that the device reports by a vendor code."""
        watch = self._codes.get(rule.code)
        if watch is None and len(self._codes) >= MOST_CODES:
            out.events.append(momentary(rule, self.device.asset, at_us))
            return
        if watch is None:
            watch = CodeWatch(rule, self.device.asset, raised=rule.code in self._raised)
            self._codes[rule.code] = watch
        out.events += watch.observe(at_us, active)

    def heard(self, now_us: int, out: Handover) -> None:
        if self.silence.silent:
            out.events += [event_of(SILENT, self.device.asset, change) for change in self.silence.heard(now_us)]
        else:
            self.silence.heard(now_us)

    def missed(self, now_us: int, out: Handover) -> None:
        out.events += [event_of(SILENT, self.device.asset, change) for change in self.silence.missed(now_us)]

    def advance(self, now_us: int, out: Handover) -> None:
        """What time alone causes: alarms whose hold or clear time is over."""
        for watches in self._thresholds.values():
            for watch in watches:
                if watch.debouncer.waiting:
                    out.events += watch.advance(now_us)
        for code in self._codes.values():
            if code.debouncer.waiting:
                out.events += code.advance(now_us)

    def advance_silence(self, now_us: int, out: Handover) -> None:
        """For devices that report by themselves: raise `device.silent` when too many periods went by."""
        out.events += [event_of(SILENT, self.device.asset, change) for change in self.silence.advance(now_us)]


def unknown_code(profile: Profile, vendor_code: str) -> EventRule | None:
    """How a code that the profile doesn't list is carried: under the model's name; None when no name can be made
    of it."""
    code = f"{profile.model}.{vendor_code}"
    return EventRule(code, Severity.MINOR, vendor_code=vendor_code) if is_name(code) else None


class _Slot(NamedTuple):
    """What `take` needs of a point for each value: `linear` is scale and offset where values aren't plain, `sampler`
    is None where every value is sent."""

    name: str
    linear: tuple[float, float] | None
    error: float | None
    low: float
    high: float
    sampler: Sampler | None
    watches: Sequence[ThresholdWatch]


def _slot(point: PointSpec, watches: Sequence[ThresholdWatch]) -> _Slot:
    low, high = point.plausible or (-math.inf, math.inf)
    linear = None if point.is_plain else (point.scale, point.offset)
    sampler = None if point.sampling.dead_band is None else Sampler(point.sampling)
    return _Slot(point.id, linear, point.error, low, high, sampler, watches)
