"""One sentence in Chinese and English for each source of risk, with its value and what is usual."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from anju_contracts.codes import code_label
from anju_contracts.kinds import component_label
from anju_contracts.points import point_title
from anju_ml.features import Features
from anju_ml.grid import Grid
from anju_ml.layout import PEERS_AT_LEAST, Layout
from anju_ml.risk import Reason
from anju_ml.series_names import RATE, SWING
from anju_ml.weeks import Weeks

CHART_DAYS = 60
CHANGE_AT_LEAST = 0.02
"""A point that moved less from what is usual is told only where it stands apart from its peers."""
GAP_AT_LEAST = 0.01
"""Share of a week without data that is told."""
APART = 0.2
"""Apart is who stands as far out as at most this share of all would by chance."""


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
    """Of its level, or of how far it swings within a day where that has clearly changed, and more than the level."""
    if point not in subject.grid.points:
        return None
    counter = point in subject.layout.counters
    level = _shown(subject, point + RATE if counter else point)
    swing = None if counter else _shown(subject, point + SWING)
    restless = swing is not None and swing.usual > 0 and swing.moved > max(level.moved if level else 0.0, 1.0)
    shown = swing if restless else level
    if shown is None:
        return None
    title = point_title(point)
    label, unit = title.label, f" {title.unit_shown}" if title.unit_shown else ""
    per_day_zh = "" if not counter else "/天" if unit else "次/天"
    per_day_en = " a day" if counter or restless else ""
    now, usual = _apart(shown.now, shown.usual) if shown.change.counts else (_number(shown.now), _number(shown.usual))
    usual_zh = "" if np.isnan(shown.usual) else f"，平时{usual}{unit}{per_day_zh}{shown.change.zh}"
    usual_en = "" if np.isnan(shown.usual) else f", usually {usual}{unit}{per_day_en}{shown.change.en}"
    load_zh, load_en = (
        ("（折算到平时负荷）", " at its usual load") if subject.weeks.at_usual_load(shown.series) else ("", "")
    )
    is_zh, is_en = ("日内波动", "swings by ") if restless else ("", "")
    since, until = subject.window(CHART_DAYS)
    return Reason(
        feature=f"{shown.series}:7d",
        source=point,
        zh=f"{label.zh}近7天{is_zh}为{now}{unit}{per_day_zh}{load_zh}{usual_zh}{shown.peers.zh}",
        en=f"{label.en} {is_en}{now}{unit}{per_day_en} over 7 days{load_en}{usual_en}{shown.peers.en}",
        value=shown.now,
        usual=None if np.isnan(shown.usual) else shown.usual,
        since=since,
        until=until,
    )


@dataclass(frozen=True)
class _Said:
    """Part of a sentence, and whether it is worth a reason; of a stand among peers also which side of them."""

    zh: str
    en: str
    counts: bool
    higher: bool | None = None


@dataclass(frozen=True)
class _Shown:
    """A series of an asset over the last week, and what is worth telling of it; `moved` from what is usual, in units of
    its usual spread."""

    series: str
    now: float
    usual: float
    moved: float
    change: _Said
    peers: _Said


def _shown(subject: Subject, series: str) -> _Shown | None:
    """None where nothing is worth telling."""
    now, usual = (float(each[subject.row]) for each in subject.weeks.medians(series))
    if np.isnan(now):
        return None
    scale = subject.layout.scales.get(series, np.inf)
    change, peers = _change(now, usual, scale), _peers(subject, series, now)
    if change.counts and peers.higher is not None and peers.higher != (now > usual):
        peers = _Said("", "", counts=False)
    if not change.counts and not peers.counts:
        return None
    return _Shown(series, now, usual, 0.0 if np.isnan(usual) else abs(now - usual) / scale, change, peers)


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
        return _Said(f"（现为{now / usual:.0f}倍）", f" ({now / usual:.0f} times as much)", counts=True)
    percent = f"{100 * abs(share):.0f}"
    return _Said(
        f"（{'高' if higher else '低'}{percent}%）", f" ({percent} % {'above' if higher else 'below'})", counts=True
    )


def _peers(subject: Subject, series: str, now: float) -> _Said:
    """Where the asset stands among its peers; it counts where that is far from the middle of them."""
    alike = subject.weeks.of_model(series, subject.grid.models[subject.row])
    others = len(alike) - 1
    below, above = int(np.searchsorted(alike, now, side="left")), len(alike) - int(np.searchsorted(alike, now, "right"))
    if others < PEERS_AT_LEAST or max(below, above) * 2 < others:
        return _Said("", "", counts=False)
    higher = below >= above
    count, zh, en = (below, "高", "above") if higher else (above, "低", "below")
    counts = others - count + 1 <= APART * (others + 1)
    if count == others:
        return _Said(f"，{zh}于其余{others}台同型设备", f", {en} all {others} peers", counts, higher)
    return _Said(f"，{zh}于{others}台同型设备中的{count}台", f", {en} {count} of {others} peers", counts, higher)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _apart(now: float, usual: float) -> tuple[str, str]:
    """Both with as many decimal places as tell them apart, at most three."""
    told = _number(now), _number(usual)
    for decimals in (1, 2, 3):
        if told[0] != told[1]:
            break
        told = f"{now:.{decimals}f}", f"{usual:.{decimals}f}"
    return told


def _of_code(subject: Subject, code: str) -> Reason | None:
    week, quarter = subject.feature(f"event {code}:7d"), subject.feature(f"event {code}:90d")
    month = subject.feature(f"event {code}:30d")
    usual = (quarter - month) * 7 / 60
    if max(week, month * 7 / 30) <= usual:
        return None
    label = code_label(code)
    since, until = subject.window(30)
    week_zh = f"近7天{week:.0f}次（近30天{month:.0f}次）" if week else f"近30天{month:.0f}次（近7天没有新增）"
    week_en = f"{_times(week)} in 7 days ({month:.0f} in 30)" if week else f"{_times(month)} in 30 days (none in 7)"
    usual_zh = f"平时每周{usual:.1f}次" if usual else "此前没有"
    usual_en = f"usually {usual:.1f} a week" if usual else "none before"
    return Reason(
        feature=f"event {code}:7d",
        source=code,
        zh=f"“{label.zh}”{week_zh}，{usual_zh}",
        en=f"“{label.en}” {week_en}, {usual_en}",
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
    last_zh = "没有故障维修记录" if np.isnan(since_days) else f"上次故障维修在{since_days:.0f}天前"
    last_en = (
        "no fault repaired on record" if np.isnan(since_days) else f"last fault repaired {since_days:.0f} days ago"
    )
    since, until = subject.window(365)
    return Reason(
        feature="own corrective:since",
        source="repairs",
        zh=f"{label.zh}{last_zh}，该设备近90天故障维修{count:.0f}次",
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
        "complaints:30d", "complaints", f"近30天居民报事{total:.0f}次",
        f"residents complained {_times(total)} in 30 days", total, None, since, until,
    )  # fmt: skip


def _of_gaps(subject: Subject) -> Reason | None:
    share = subject.feature("missing:7d")
    if not share >= GAP_AT_LEAST:
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
        "events:7d", "events", f"近7天告警{total:.0f}次，平时每周{usual:.1f}次",
        f"{total:.0f} {'alarm' if total == 1 else 'alarms'} in 7 days, usually {usual:.1f} a week",
        total, usual, since, until,
    )  # fmt: skip
