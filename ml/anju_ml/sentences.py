"""One sentence in Chinese and English for each source of risk, with its value and what is usual."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from anju_contracts.codes import code_label
from anju_contracts.kinds import component_label
from anju_ml.features import Features
from anju_ml.grid import Floats, Grid, counter_rates
from anju_ml.labels import point_label
from anju_ml.layout import PEERS_AT_LEAST, Layout
from anju_ml.risk import Reason

CHART_DAYS = 60
CHANGE_AT_LEAST = 0.02
"""A point that moved less from what is usual is told only where it stands apart from its peers."""
APART = 0.8
"""Share of the peers that it must stand above, or below, for that."""


class Weeks:
    """What the points of all assets of a grid showed before an origin; each point is looked at once."""

    def __init__(self, layout: Layout, grid: Grid, origin: int) -> None:
        self._layout, self._grid, self._origin = layout, grid, origin
        self._medians: dict[str, tuple[Floats, Floats]] = {}
        self._of_model: dict[tuple[str, str], Floats] = {}

    def medians(self, point: str) -> tuple[Floats, Floats]:
        """[asset] of the last 7 days, and of the days 90 to 14 before the origin."""
        if point not in self._medians:
            days = self._daily(point)
            self._medians[point] = _medians(days[:, -7:]), _medians(days[:, -90:-14])
        return self._medians[point]

    def of_model(self, point: str, model: str) -> Floats:
        """Medians of the last 7 days over the assets of a model that have one, ascending."""
        if (point, model) not in self._of_model:
            own = self.medians(point)[0][np.array(self._grid.models) == model]
            self._of_model[point, model] = np.sort(own[~np.isnan(own)])
        return self._of_model[point, model]

    def at_usual_load(self, point: str) -> bool:
        """Whether the point follows a load, so that it is told as it would stand at the usual one."""
        load = self._layout.load
        return self._series(point) in load.follows and self._point(load.series) in self._grid.points

    def _series(self, point: str) -> str:
        return f"{point}|rate" if point in self._layout.counters else point

    def _point(self, series: str) -> str:
        return series.split("|", maxsplit=1)[0]

    def _daily(self, point: str) -> Floats:
        """[asset, day]: medians, or the increase of a counter; at the usual load where the point follows one."""
        found = self._as_it_is(point)
        if not self.at_usual_load(point):
            return found
        load = self._layout.load
        both = np.stack([self._as_it_is(self._point(load.series)), found], axis=2)
        return load.taken_off(both, (load.series, self._series(point)))[:, :, 1]

    def _as_it_is(self, point: str) -> Floats:
        if point in self._layout.counters:
            return counter_rates(self._grid, [point])[:, : self._origin, 0]
        found: Floats = self._grid.mid[:, : self._origin, self._grid.points.index(point)]
        return found


@dataclass(frozen=True)
class Subject:
    """One component of one asset at one origin: `row` and `position` are its place in `features`."""

    layout: Layout
    features: Features
    grid: Grid
    weeks: Weeks
    row: int
    position: int
    origin: int
    component: str

    def feature(self, name: str) -> float:
        """The value of a feature, NaN where there is none of that name."""
        if name in self.features.names:
            return float(self.features.common[self.row, self.position, self.features.names.index(name)])
        if name in self.features.own_names:
            values = self.features.own[self.component]
            return float(values[self.row, self.position, self.features.own_names.index(name)])
        return float("nan")

    def window(self, days: int) -> tuple[datetime, datetime]:
        return self.grid.time_of(max(self.origin - days, 0)), self.grid.time_of(self.origin)


def tell(subject: Subject, source: str) -> Reason | None:
    """The reason that names `source`; None where there is nothing to show for it."""
    if source in subject.layout.gauges or source in subject.layout.counters:
        return _of_point(subject, source)
    if source in subject.layout.codes:
        return _of_code(subject, source)
    if source == "repairs":
        return _of_repairs(subject)
    plain = {"age": _of_age, "complaints": _of_complaints, "missing": _of_gaps, "events": _of_events}
    return plain[source](subject) if source in plain else None


def _of_point(subject: Subject, point: str) -> Reason | None:
    if point not in subject.grid.points:
        return None
    now, usual = (float(each[subject.row]) for each in subject.weeks.medians(point))
    if np.isnan(now):
        return None
    series = f"{point}|rate" if point in subject.layout.counters else point
    change, peers = _change(now, usual, subject.layout.scales.get(series, np.inf)), _peers(subject, point, now)
    if not change.counts and not peers.counts:
        return None
    label = point_label(point)
    unit = f" {label.unit}" if label.unit else ""
    unit += "/天" if point in subject.layout.counters else ""
    unit_en = unit.replace("/天", " a day")
    usual_zh = "" if np.isnan(usual) else f"，平时{_number(usual)}{unit}{change.zh}"
    usual_en = "" if np.isnan(usual) else f", usually {_number(usual)}{unit_en}{change.en}"
    load_zh, load_en = ("（按平时负荷）", " at its usual load") if subject.weeks.at_usual_load(point) else ("", "")
    since, until = subject.window(CHART_DAYS)
    return Reason(
        feature=f"{point}:level7",
        source=point,
        zh=f"{label.zh}近7天为{_number(now)}{unit}{load_zh}{usual_zh}{peers.zh}",
        en=f"{label.en} {_number(now)}{unit_en} over 7 days{load_en}{usual_en}{peers.en}",
        value=now,
        usual=None if np.isnan(usual) else usual,
        since=since,
        until=until,
    )


def _medians(values: Floats) -> Floats:
    """By row of what is there; NaN where nothing is."""
    if not values.shape[1]:
        return np.full(len(values), np.nan, np.float32)
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    rows = np.arange(len(values))
    found: Floats = (ordered[rows, low] + ordered[rows, np.minimum(high, values.shape[1] - 1)]) / np.float32(2)
    return found


@dataclass(frozen=True)
class _Said:
    """Part of a sentence, and whether it is worth a reason."""

    zh: str
    en: str
    counts: bool


def _change(now: float, usual: float, scale: float) -> _Said:
    """`scale`: the usual spread of the point; a change of as much counts, however small beside the value itself."""
    if np.isnan(usual):
        return _Said("", "", counts=False)
    moved = abs(now - usual) >= scale
    if now <= 0 or usual <= 0:
        return _Said("", "", counts=moved or now != usual)
    share, higher = now / usual - 1, now > usual
    if abs(share) < CHANGE_AT_LEAST:
        return _Said("", "", counts=moved)
    if share >= 3:
        return _Said(f"的{now / usual:.0f}倍", f" ({now / usual:.0f} times)", counts=True)
    percent = f"{100 * abs(share):.0f}"
    return _Said(
        f"（{'高' if higher else '低'}{percent}%）", f" ({percent} % {'above' if higher else 'below'})", counts=True
    )


def _peers(subject: Subject, point: str, now: float) -> _Said:
    """Where the asset stands among its peers; it counts where that is far from the middle of them."""
    alike = subject.weeks.of_model(point, subject.grid.models[subject.row])
    others = len(alike) - 1
    below, above = int(np.searchsorted(alike, now, side="left")), len(alike) - int(np.searchsorted(alike, now, "right"))
    if others < PEERS_AT_LEAST or max(below, above) * 2 < others:
        return _Said("", "", counts=False)
    count, zh, en = (below, "高", "above") if below >= above else (above, "低", "below")
    return _Said(
        f"，{zh}于{others}台同型设备中的{count}台", f", {en} {count} of {others} peers", count >= APART * others
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _of_code(subject: Subject, code: str) -> Reason | None:
    week, quarter = subject.feature(f"event {code}:7d"), subject.feature(f"event {code}:90d")
    month = subject.feature(f"event {code}:30d")
    usual = (quarter - week) * 7 / 83
    if max(week, month * 7 / 30) <= usual:
        return None
    label = code_label(code)
    since, until = subject.window(30)
    usual_zh = f"平时每周{_number(usual)}次" if usual else "此前没有"
    usual_en = f"usually {_number(usual)} a week" if usual else "none before"
    return Reason(
        feature=f"event {code}:7d",
        source=code,
        zh=f"“{label.zh}”近7天{week:.0f}次（近30天{month:.0f}次），{usual_zh}",
        en=f"“{label.en}” {_times(week)} in 7 days ({month:.0f} in 30), {usual_en}",
        value=week,
        usual=usual,
        since=since,
        until=until,
    )


def _times(count: float) -> str:
    return "once" if count == 1 else f"{count:.0f} times"


def _of_repairs(subject: Subject) -> Reason | None:
    since_days = subject.feature("own corrective:since")
    count = subject.feature("visits corrective:90d")
    if np.isnan(since_days) and not count:
        return None
    label = component_label(subject.grid.kind, subject.component)
    last_zh = "没有维修记录" if np.isnan(since_days) else f"上次故障维修在{since_days:.0f}天前"
    last_en = "no repair on record" if np.isnan(since_days) else f"last fault repaired {since_days:.0f} days ago"
    since, until = subject.window(365)
    return Reason(
        feature="own corrective:since",
        source="repairs",
        zh=f"{label.zh}{last_zh}，整机近90天故障维修{count:.0f}次",
        en=f"{label.en}: {last_en}; faults repaired {_times(count)} on this asset in 90 days",
        value=count,
        usual=None,
        since=since,
        until=until,
    )


def _of_age(subject: Subject) -> Reason | None:
    days = subject.feature("age:days")
    if np.isnan(days):
        return None
    since, until = subject.window(365)
    years = days / 365.25
    return Reason(
        "age:days", "age", f"已使用{years:.1f}年", f"in service for {years:.1f} years", days, None, since, until
    )


def _of_complaints(subject: Subject) -> Reason | None:
    counts = [subject.feature(f"complaint {name}:30d") for name in subject.layout.categories]
    total = float(np.nansum(counts))
    if not total:
        return None
    since, until = subject.window(90)
    return Reason(
        "complaints:30d", "complaints", f"近30天住户报修{total:.0f}次", f"complained of {_times(total)} in 30 days",
        total, None, since, until,
    )  # fmt: skip


def _of_gaps(subject: Subject) -> Reason | None:
    share = subject.feature("missing:7d")
    if not share > 0:
        return None
    since, until = subject.window(14)
    return Reason(
        "missing:7d", "missing", f"近7天有{share:.0%}的时间没有数据", f"no data for {share:.0%} of the last 7 days",
        share, 0.0, since, until,
    )  # fmt: skip


def _of_events(subject: Subject) -> Reason | None:
    total = float(np.nansum([subject.feature(f"events {name}:7d") for name in ("minor", "major", "critical")]))
    month = float(np.nansum([subject.feature(f"events {name}:30d") for name in ("minor", "major", "critical")]))
    since, until = subject.window(30)
    usual = max(month - total, 0.0) * 7 / 23
    if total <= usual:
        return None
    return Reason(
        "events:7d", "events", f"近7天告警{total:.0f}次，平时每周{_number(usual)}次",
        f"{total:.0f} alarms in 7 days, usually {_number(usual)} a week", total, usual, since, until,
    )  # fmt: skip
