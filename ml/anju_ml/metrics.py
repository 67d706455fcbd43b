"""Every figure of EVALUATION with a 95 % interval by bootstrap over assets, and calibration."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.arms import Arm
from anju_ml.dataset import renewals
from anju_ml.grid import DAY
from anju_ml.score import Scored
from anju_ml.walk import Predictions

DRAWS: Final = 1000
BINS: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
Doubles = npt.NDArray[np.float64]
Json = dict[str, Any]


class Bootstrap:
    """Weights of assets in DRAWS resamples, drawn once so that every figure uses the same."""

    def __init__(self, assets: Sequence[str], *, seed: int) -> None:
        self.place = {asset: index for index, asset in enumerate(assets)}
        rng = np.random.default_rng(seed)
        count = max(len(assets), 1)
        self._weights = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(np.float64)

    def ratio(self, over: Doubles, under: Doubles) -> Json:
        """sum(over) / sum(under), both by asset; None where there is nothing to divide by."""
        if not under.sum():
            return {"value": None, "low": None, "high": None, "of": 0}
        tops, bottoms = self._weights @ over, self._weights @ under
        drawn = tops[bottoms > 0] / bottoms[bottoms > 0]
        low, high = np.percentile(drawn, [2.5, 97.5])
        value = float(over.sum() / under.sum())
        return {"value": _round(value), "low": _round(low), "high": _round(high), "of": int(under.sum())}

    def total(self, values: Doubles) -> Json:
        low, high = np.percentile(self._weights @ values, [2.5, 97.5])
        return {"value": round(float(values.sum())), "low": round(float(low)), "high": round(float(high))}

    def quantile(self, values: Doubles, assets: npt.NDArray[np.int64], share: float) -> Json:
        """The quantile of values that belong to assets."""
        if not len(values):
            return {"value": None, "low": None, "high": None, "of": 0}
        drawn = []
        for weights in self._weights[:300]:
            repeated = np.repeat(values, weights[assets].astype(np.int64))
            if len(repeated):
                drawn.append(np.percentile(repeated, 100 * share))
        low, high = np.percentile(drawn, [2.5, 97.5])
        value = np.percentile(values, 100 * share)
        return {"value": _round(value), "low": _round(low), "high": _round(high), "of": len(values)}

    def count(self, frame: pl.DataFrame, condition: pl.Expr | None = None) -> Doubles:
        """Rows of `frame` that meet `condition`, by asset."""
        kept = frame if condition is None else frame.filter(condition)
        index = [self.place[asset] for asset in kept["asset_id"].to_list()]
        return np.bincount(np.array(index, np.int64), minlength=len(self.place)).astype(np.float64)

    def places(self, frame: pl.DataFrame) -> npt.NDArray[np.int64]:
        return np.array([self.place[asset] for asset in frame["asset_id"].to_list()], np.int64)


def _round(value: float) -> float:
    return round(float(value), 4)


def ticket_metrics(tickets: pl.DataFrame, failures: pl.DataFrame, months: float, boot: Bootstrap) -> Json:
    """The figures of one set of tickets and failures."""
    settled, known = pl.col("settled"), pl.col("need_known")
    hits = failures.filter("hit")
    leads = hits["lead_h"].to_numpy().astype(np.float64)
    complained = pl.col("complaint_at").is_not_null()
    presence = np.full(len(boot.place), months)
    return {
        "tickets": len(tickets),
        "failures": len(failures),
        "precision": boot.ratio(boot.count(tickets, settled & pl.col("hit")), boot.count(tickets, settled)),
        "component_precision": boot.ratio(
            boot.count(tickets, settled & pl.col("component_hit")), boot.count(tickets, settled)
        ),
        "needed": boot.ratio(boot.count(tickets, known & pl.col("needed")), boot.count(tickets, known)),
        "recall": boot.ratio(boot.count(hits), boot.count(failures)),
        "component_recall": boot.ratio(boot.count(failures, pl.col("component_hit")), boot.count(failures)),
        "before_complaint": boot.ratio(
            boot.count(failures, complained & pl.col("ahead")), boot.count(failures, complained)
        ),
        **_foretold(failures, boot),
        "lead_h_p50": boot.quantile(leads, boot.places(hits), 0.5),
        "lead_h_p10": boot.quantile(leads, boot.places(hits), 0.1),
        "tickets_asset_month": boot.ratio(boot.count(tickets), presence),
        "false_asset_month": boot.ratio(boot.count(tickets, settled & ~pl.col("hit")), presence),
    }


def _foretold(failures: pl.DataFrame, boot: Bootstrap) -> Json:
    """Figures of failures whose wear, by the truth, showed beforehand; None without a truth file."""
    own = failures.filter(pl.col("detectable_from") < pl.col("onset"))
    complained = pl.col("complaint_at").is_not_null()
    return {
        "recall_foretold": boot.ratio(boot.count(own, pl.col("hit")), boot.count(own)),
        "before_complaint_foretold": boot.ratio(
            boot.count(own, complained & pl.col("ahead")), boot.count(own, complained)
        ),
    }


def recall_by(failures: pl.DataFrame, column: str, boot: Bootstrap) -> Json:
    """Recall and component recall for each value of `column`."""
    out: Json = {}
    for value in sorted(failures[column].fill_null("unknown").unique().to_list()):
        own = failures.filter(pl.col(column).fill_null("unknown") == value)
        out[str(value)] = {
            "failures": len(own),
            "recall": boot.ratio(boot.count(own, pl.col("hit")), boot.count(own)),
            "component_recall": boot.ratio(boot.count(own, pl.col("component_hit")), boot.count(own)),
        }
    return out


def all_metrics(scored: Scored, boot: Bootstrap) -> Json:
    """Overall, by kind, by component and by cause."""
    tickets, failures = scored.tickets, scored.failures
    named = failures.with_columns(pl.concat_str("kind", pl.lit("/"), "component").alias("named"))
    by_kind = {
        kind: ticket_metrics(
            tickets.filter(pl.col("kind") == kind), failures.filter(pl.col("kind") == kind), scored.months, boot
        )
        for kind in sorted(scored.assets["kind"].unique().to_list())
    }
    return {
        "overall": ticket_metrics(tickets, failures, scored.months, boot),
        "by_kind": by_kind,
        "by_component": recall_by(named, "named", boot),
        "by_cause": recall_by(failures, "mode" if failures["mode"].count() else "fault_code", boot),
    }


def arm_metrics(arms: Sequence[Arm], boot: Bootstrap) -> Json:
    """Saving of each arm, and how much more the model's is."""
    model = arms[0].saving
    return {
        arm.name: {
            "visits": arm.visits,
            "saving": boot.total(arm.saving),
            "model_is_better_by": boot.total(model - arm.saving),
        }
        for arm in arms
    }


def calibration(
    predictions: Sequence[Predictions],
    failures: pl.DataFrame,
    repairs: pl.DataFrame,
    *,
    end: datetime,
    horizon_days: float,
) -> Json:
    """Brier score, expected calibration error and reliability table over all scored days whose outcome is known: what
    preventive work of `repairs` cut off is not, as a prevented failure is no survival."""
    failed_at, renewed_at = _moments(failures, "onset"), _moments(renewals(repairs), "opened_at")
    p_all: list[Doubles] = []
    y_all: list[Doubles] = []
    for each in predictions:
        p = np.concatenate(each.p, axis=1).astype(np.float64)
        known = np.array([day + DAY * horizon_days <= end for day in each.days])
        start = each.days[0]
        at = np.array([(day - start) / DAY for day in each.days])
        fails_in, renewed_in = (
            np.array([_days_to(found.get((asset, each.component), []), start, at) for asset in each.assets])
            for found in (failed_at, renewed_at)
        )
        failed = (fails_in < horizon_days).astype(np.float64)
        cut_off = (renewed_in < horizon_days) & (renewed_in < fails_in)
        kept = known[None, :] & ~np.isnan(p) & ~cut_off
        p_all.append(p[kept])
        y_all.append(failed[kept])
    return reliability(np.concatenate([*p_all, np.empty(0)]), np.concatenate([*y_all, np.empty(0)]))


def _moments(frame: pl.DataFrame, column: str) -> dict[tuple[str, str], list[datetime]]:
    """Ascending, by asset and component."""
    found: dict[tuple[str, str], list[datetime]] = {}
    for asset, component, moment in frame.select("asset_id", "component", column).sort(column).iter_rows():
        found.setdefault((asset, component), []).append(moment)
    return found


def _days_to(moments: list[datetime], start: datetime, at: Doubles) -> Doubles:
    """Days from each of `at` (days since `start`) to the next of `moments`, inf where none is."""
    days = np.array([(moment - start) / DAY for moment in moments] + [np.inf])
    found: Doubles = days[np.searchsorted(days, at, side="left")] - at
    return found


def reliability(p: Doubles, failed: Doubles) -> Json:
    if not len(p):
        return {"rows": 0, "brier": None, "ece": None, "table": []}
    index = np.clip(np.searchsorted(BINS, p, side="right") - 1, 0, len(BINS) - 2)
    table = []
    error = 0.0
    for number in range(len(BINS) - 1):
        own = index == number
        if not own.any():
            continue
        said, was = float(p[own].mean()), float(failed[own].mean())
        error += abs(said - was) * int(own.sum())
        span = {"from": BINS[number], "to": BINS[number + 1]}
        table.append({**span, "rows": int(own.sum()), "said": _round(said), "was": _round(was)})
    return {
        "rows": len(p),
        "brier": round(float(((p - failed) ** 2).mean()), 5),
        "ece": round(error / len(p), 5),
        "table": table,
    }
