"""Which assets grow old: life that is left by component, the trend of repairs, when replacing gets cheaper than
repairing, and what the coming years will cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from anju_ml.errors import TooPoor
from anju_ml.failures import find_failures
from anju_ml.grid import DAY
from anju_ml.history import History
from anju_ml.lifetimes import Lives, Remaining, fit_weibull
from anju_ml.policy import Policy, Replacement
from anju_ml.repair_rate import Rate, fit_rates

YEAR: Final = 365.25
BUDGET_YEARS: Final = 5
FARTHEST_YEARS: Final = 30.0
RENEWING: Final = ("replace", "repair")
FRAILTY_WEIGHT: Final = 2.0


@dataclass(frozen=True, slots=True)
class ComponentLife:
    """`since`: its last renewal on record (None: before the record); `failures`: of the component over its kind,
    which is what the estimate stands on."""

    component: str
    remaining: Remaining
    since: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class BudgetYear:
    """Money expected in a calendar year (the rest of it, for the first)."""

    year: int
    repairs: float
    replacement: float


@dataclass(frozen=True, slots=True)
class AssetAgeing:
    """`replace_at`: from when a new one is cheaper than going on repairing (None: not within 30 years), with the
    dates of the 95 % interval of the trend; `limit_at`: when its prescribed time of use ends."""

    asset_id: str
    kind: str
    installed_on: date | None
    failures: int
    rate: Rate
    components: tuple[ComponentLife, ...]
    replace_at: date | None
    replace_between: tuple[date | None, date | None]
    limit_at: date | None
    budget: tuple[BudgetYear, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The span that repairs are known for."""

    start: datetime
    end: datetime

    @property
    def years(self) -> float:
        return (self.end - self.start) / DAY / YEAR

    def days(self, at: datetime) -> float:
        return (at - self.start) / DAY


@dataclass(frozen=True)
class Books:
    """Failures as `find_failures` gives them, and the repairs on record."""

    failures: pl.DataFrame
    repairs: pl.DataFrame


def assess_ageing(history: History, *, as_of: datetime, policy: Policy) -> list[AssetAgeing]:
    """Every asset, by asset_id. TooPoor where less than a quarter of a year of repairs is on record."""
    known = history.known_at(as_of).tidy()
    span = known.span()
    if span is None or (as_of - span[0]) < timedelta(days=90):
        raise TooPoor("ageing needs 90 days of repairs on record at least")
    record = Record(span[0], as_of)
    books = Books(find_failures(known), known.repairs)
    found: list[AssetAgeing] = []
    for (kind,), assets in known.assets.sort("asset_id").group_by("kind", maintain_order=True):
        found += _assess_kind(str(kind), assets, books, record, policy)
    return sorted(found, key=lambda each: each.asset_id)


def _assess_kind(kind: str, assets: pl.DataFrame, books: Books, record: Record, policy: Policy) -> list[AssetAgeing]:
    names = assets["asset_id"].to_list()
    own = books.failures.filter(pl.col("asset_id").is_in(names))
    onsets = _by_asset(own, "onset")
    moments = [np.array([record.days(at) / YEAR for at in onsets.get(name, [])]) for name in names]
    rates = fit_rates([np.clip(each, 0.0, record.years) for each in moments], record.years)
    lives = _component_lives(names, own, books.repairs, record)
    mean_cost = _mean_cost(kind, own, policy)
    usual = float(np.quantile([rate.now for rate in rates], 0.25)) if rates else 0.0
    out = []
    for name, installed, rate in zip(names, assets["installed_on"], rates, strict=True):
        money = _Money(policy.replacement_of(kind), mean_cost, usual, record.end.date())
        limit = money.limit(installed)
        dates = [money.replace_at(rate.now, growth) for growth in (rate.growth, *reversed(rate.growth_95))]
        out.append(
            AssetAgeing(
                name,
                kind,
                installed,
                len(onsets.get(name, [])),
                rate,
                lives[name],
                dates[0],
                (dates[1], dates[2]),
                limit,
                money.budget(rate, _first(dates[0], limit)),
            )
        )
    return out


@dataclass(frozen=True, slots=True)
class _Money:
    """Prices of one kind; `usual` failures a year are those of an asset in good order."""

    replacement: Replacement | None
    mean_cost: float
    usual: float
    today: date

    def replace_at(self, rate: float, growth: float) -> date | None:
        """When the yearly cost of repairs exceeds that of a new asset: its price over its life, and its repairs."""
        if self.replacement is None or rate <= 0.0 or self.mean_cost <= 0.0:
            return None
        bearable = self.replacement.price / self.replacement.life_years / self.mean_cost + self.usual
        if rate >= bearable:
            return self.today
        years = np.log(bearable / rate) / growth if growth > 0.0 else np.inf
        return self.today + timedelta(days=float(years) * YEAR) if years <= FARTHEST_YEARS else None

    def limit(self, installed: date | None) -> date | None:
        if self.replacement is None or self.replacement.limit_years is None or installed is None:
            return None
        return installed + timedelta(days=self.replacement.limit_years * YEAR)

    def budget(self, rate: Rate, replace_on: date | None) -> tuple[BudgetYear, ...]:
        """What repairs and a replacement that is due cost by calendar year; after it, the new one's repairs."""
        out = []
        for year in range(self.today.year, self.today.year + BUDGET_YEARS):
            start, end = max(self.today, date(year, 1, 1)), date(year + 1, 1, 1)
            due = None if replace_on is None else max(replace_on, self.today)
            until = end if due is None else min(max(due, start), end)
            old = rate.expected(self._years(start), self._years(until))
            new = self.usual * (end - until).days / YEAR
            price = self.replacement.price if self.replacement and due is not None and start <= due < end else 0.0
            out.append(BudgetYear(year, round((old + new) * self.mean_cost, 2), price))
        return tuple(out)

    def _years(self, day: date) -> float:
        return (day - self.today).days / YEAR


def _component_lives(
    names: Sequence[str], failures: pl.DataFrame, repairs: pl.DataFrame, record: Record
) -> dict[str, tuple[ComponentLife, ...]]:
    found: dict[str, list[ComponentLife]] = {name: [] for name in names}
    renewals = _renewals(repairs.filter(pl.col("asset_id").is_in(list(names))))
    for component in failures["component"].unique().sort():
        onsets = _by_asset(failures.filter(pl.col("component") == component), "onset")
        starts = _by_asset(renewals.filter(pl.col("component") == component), "at")
        lives = {name: _lives(onsets.get(name, []), starts.get(name, []), record) for name in names}
        fitted = fit_weibull(
            sum(lives.values(), start=Lives(np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.bool_)))
        )
        for name in names:
            since = starts[name][-1] if starts.get(name) else None
            frailty = _frailty(len(onsets.get(name, [])), record.days(record.end) / max(fitted.mean, 1.0))
            left = fitted.remaining(float(lives[name].days[-1]), known=since is not None, frailty=frailty)
            found[name].append(ComponentLife(component, left, since, fitted.failures))
    return {name: tuple(sorted(each, key=lambda life: life.remaining.median)) for name, each in found.items()}


def _lives(onsets: Sequence[datetime], starts: Sequence[datetime], record: Record) -> Lives:
    """Stretches between renewals: each failed when a failure began in it. The first began before the record."""
    days, failed, known = [], [], []
    bounds = [record.start, *starts, record.end]
    for number, (start, end) in enumerate(pairwise(bounds)):
        within = [at for at in onsets if start <= at < end]
        days.append(max((min(within) if within else end) - start, timedelta(hours=1)) / DAY)
        failed.append(bool(within))
        known.append(number > 0)
    return Lives(np.array(days), np.array(failed, np.bool_), np.array(known, np.bool_))


def _renewals(repairs: pl.DataFrame) -> pl.DataFrame:
    """When a component was replaced or repaired, whatever for; `at` is the end of the work."""
    changed = pl.col("action").is_in(RENEWING) | (pl.col("action").is_null() & (pl.col("cause") == "corrective"))
    rows = repairs.filter(changed & pl.col("component").is_not_null() & pl.col("fault_found").fill_null(True))
    return rows.select("asset_id", "component", pl.coalesce("closed_at", "opened_at").alias("at"))


def _frailty(failures: int, expected: float) -> float:
    return (failures + FRAILTY_WEIGHT) / (expected + FRAILTY_WEIGHT)


def _mean_cost(kind: str, failures: pl.DataFrame, policy: Policy) -> float:
    """Of a failure of this kind, as its components have failed so far."""
    counts = failures["component"].value_counts()
    if counts.is_empty():
        return policy.cost_of(kind, "").failure
    costs = [policy.cost_of(kind, name).failure * count for name, count in counts.sort("component").iter_rows()]
    return float(sum(costs) / counts["count"].sum())


def _by_asset(frame: pl.DataFrame, column: str) -> Mapping[str, list[datetime]]:
    grouped = frame.select("asset_id", column).sort(column).group_by("asset_id", maintain_order=True).agg(column)
    return dict(grouped.iter_rows())


def _first(*dates: date | None) -> date | None:
    return min((day for day in dates if day is not None), default=None)
