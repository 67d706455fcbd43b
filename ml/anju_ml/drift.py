"""Whether a model still fits the days it is used on: failures against what it expected, inputs against what it knew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_contracts.kinds import Label, kind_label
from anju_ml.dataset import SETTLE, outcomes
from anju_ml.failures import find_failures, found_worn
from anju_ml.features import Features, compute_features
from anju_ml.grid import DAY, Floats, Grid, daily_grids
from anju_ml.history import History
from anju_ml.model import Model
from anju_ml.predicting import predict_block
from anju_ml.source_titles import source_title
from anju_ml.target import KindModel

Doubles = npt.NDArray[np.float64]
CHANCE: Final = 0.001
"""How often one weekly look may call chance a drift, shared among the groups looked at."""
OFF_BY: Final = 1.5
MOST_HORIZONS: Final = 6
EXACT_BELOW: Final = 100.0
"""Variance of a count from which the normal distribution is near enough."""
REFERENCE_DAYS: Final = 30
REFERENCES: Final = 12
RECENT_DAYS: Final = (0, 10, 20)
ASSETS_AT_LEAST: Final = 8
SHIFTED_BY: Final = 1.0
SURE_BY: Final = 5.0
MISSING_MORE: Final = 0.25
NO_READING: Final = frozenset({"repairs", "age", "season", "model"})
"""Sources that change by themselves as time goes by."""


@dataclass(frozen=True, slots=True)
class Drift:
    """`calibration` and `inputs` are plain JSON values; `zh` and `en` sentences, one a finding, empty without drift."""

    since: datetime
    until: datetime
    calibration: list[dict[str, Any]]
    inputs: list[dict[str, Any]]
    zh: list[str]
    en: list[str]

    @property
    def drifted(self) -> bool:
        return bool(self.en)

    @property
    def findings(self) -> list[str]:
        """What has drifted, without figures: the same while the drift is the same."""
        counts = [f"failures of {row['group']}" for row in self.calibration if row["drifted"]]
        return counts + [f"{name} of {row['kind']}" for row in self.inputs if row["drifted"] for name in row["sources"]]

    def as_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "drifted": self.drifted,
            "calibration": self.calibration,
            "inputs": self.inputs,
            "zh": self.zh,
            "en": self.en,
        }


def find_drift(model: Model, history: History, *, until: datetime) -> Drift:
    """What of `model` no longer holds, from what was known at `until`."""
    known = history.known_at(until).tidy()
    grids = {kind: grid for kind, grid in daily_grids(known, anchor=until).items() if kind in model.kinds}
    calibration = _calibration(model, known, grids, until)
    inputs = [_inputs(model.kinds[kind], known, grid, model.trained_at, until) for kind, grid in grids.items()]
    told = [_told_count(row) for row in calibration if row["drifted"]]
    told += [_told_inputs(row) for row in inputs if row["drifted"]]
    return Drift(model.trained_at, until, calibration, inputs, [zh for zh, _ in told], [en for _, en in told])


def _calibration(model: Model, known: History, grids: Mapping[str, Grid], until: datetime) -> list[dict[str, Any]]:
    """Expected and observed failures of each kind and of all, over whole horizons since the training."""
    happened = _with_prevented(find_failures(known), known)
    found = {kind: _counted(model, known, grid, happened, until) for kind, grid in grids.items()}
    groups = {kind: each for kind, each in found.items() if len(each[0])}
    if len(groups) > 1:
        groups["all"] = (
            np.concatenate([p for p, _ in groups.values()]),
            sum(observed for _, observed in groups.values()),
        )
    return [
        {"group": name, **compare_counts(p, observed, chance=CHANCE / len(groups))}
        for name, (p, observed) in groups.items()
    ]


def _with_prevented(failures: pl.DataFrame, known: History) -> pl.DataFrame:
    """`failures` and the wear that preventive visits found: foreseen rightly, kept from failing by the visit."""
    worn = found_worn(known.repairs).filter(pl.col("action").fill_null("") != "inspect")
    rows = worn.select(
        "asset_id", "component", pl.col("opened_at").alias("onset"), pl.coalesce("closed_at", "opened_at")
    )
    both = pl.concat([failures.select("asset_id", "component", "onset", "closed_at"), rows], how="vertical")
    return both.sort("asset_id", "onset", "component")


def _counted(model: Model, known: History, grid: Grid, happened: pl.DataFrame, until: datetime) -> tuple[Doubles, int]:
    """Probabilities of the components at each origin whose outcome is known, and how many came true."""
    days = int(model.policy.horizon / DAY)
    last = grid.days - days - int(np.ceil(SETTLE / DAY))
    first = max(last - (MOST_HORIZONS - 1) * days, int(np.ceil((model.trained_at - grid.start) / DAY)), 1)
    origins = np.arange(last, first - 1, -days, dtype=np.int64)[::-1]
    if not len(origins):
        return np.empty(0), 0
    block = predict_block(model.kinds[grid.kind], known, grid, origins)
    expected, observed = [], 0
    for name in block.p:
        seen = outcomes(known, happened, grid, name, origins, end=until)
        counted = seen.settled_for(days) & block.observed[name]
        expected.append(block.within(name, days)[counted])
        observed += int((seen.failed_within(days) & counted).sum())
    return np.concatenate(expected), observed


def compare_counts(p: Doubles, observed: int, *, chance: float) -> dict[str, Any]:
    """Whether `observed` failures are too many or too few for independent probabilities `p`."""
    expected = float(p.sum())
    low, high = _central(p, chance)
    off = max(observed, 0.5) / max(expected, 0.5)
    outside = not low <= observed <= high
    return {
        "expected": round(expected, 1),
        "observed": observed,
        "low": low,
        "high": high,
        "drifted": outside and not 1 / OFF_BY <= off <= OFF_BY,
    }


def _central(p: Doubles, chance: float) -> tuple[int, int]:
    """The numbers of failures between which all but `chance` of what `p` allows lies (Poisson binomial)."""
    mean, variance = float(p.sum()), float((p * (1 - p)).sum())
    size = int(mean + 12 * np.sqrt(variance) + 20)
    counts = np.arange(size)
    if variance > EXACT_BELOW:
        density = np.exp(-0.5 * (counts - mean) ** 2 / variance)
    else:
        turns = np.exp(2j * np.pi * counts / size)
        density = np.fft.fft([np.exp(np.log1p(p * (turn - 1)).sum()) for turn in turns]).real
    total = np.cumsum(density) / density.sum()
    return int(np.searchsorted(total, chance / 2)), int(np.searchsorted(total, 1 - chance / 2))


def _inputs(kind: KindModel, known: History, grid: Grid, trained_at: datetime, until: datetime) -> dict[str, Any]:
    """The sources of a kind whose values most assets had not shown in the year before the training."""
    learnt = int((trained_at - grid.start) / DAY)
    before = np.arange(learnt, REFERENCE_DAYS, -REFERENCE_DAYS, dtype=np.int64)[:REFERENCES][::-1]
    recent = np.array([grid.days - back for back in RECENT_DAYS[::-1]], np.int64)
    recent = recent[recent > learnt]
    columns: list[dict[str, Any]] = []
    sources: set[str] = set()
    if len(before) and len(recent) and len(grid.assets) >= ASSETS_AT_LEAST:
        features = compute_features(known, grid, kind.layout, np.concatenate([before, recent]))
        sources = _watched(features)
        columns = shifted_columns(features, split=len(before))
    moved = sorted({str(column["source"]) for column in columns})
    share = len(moved) / len(sources) if sources else 0.0
    return {
        "kind": grid.kind,
        "sources": moved,
        "share": round(share, 3),
        "drifted": bool(moved),
        "columns": columns,
    }


def _watched(features: Features) -> set[str]:
    return set(features.sources) - NO_READING


def shifted_columns(features: Features, *, split: int) -> list[dict[str, Any]]:
    """Columns that have shifted, or are missing, at the origins from `split` on; the greatest shift first."""
    watched, found = _watched(features), []
    for index, (name, source) in enumerate(zip(features.names, features.sources, strict=True)):
        values = features.common[:, :, index]
        if source in watched and not name.endswith(("since", "first")):
            shift, error = _shift(values[:, :split], values[:, split:])
            missing = _missing_more(values[:, :split], values[:, split:])
            if (abs(shift) > SHIFTED_BY and abs(shift) > SURE_BY * error) or missing > MISSING_MORE:
                found.append({"name": name, "source": source, "shift": round(shift, 2), "missing": round(missing, 2)})
    return sorted(found, key=lambda column: (-abs(column["shift"]), column["name"]))


def _shift(before: Floats, recent: Floats) -> tuple[float, float]:
    """The median over assets of how far each lies outside all that it has shown `before` [asset, origin], in spreads
    of the fleet, and its standard error. A season that was learnt from is no drift: the range holds it."""
    both = ~np.isnan(before).all(axis=1) & ~np.isnan(recent).all(axis=1)
    if both.sum() < ASSETS_AT_LEAST:
        return 0.0, 0.0
    old, new = before[both].astype(np.float64), np.nanmedian(recent[both].astype(np.float64), axis=1)
    above, below = new - np.nanmax(old, axis=1), np.nanmin(old, axis=1) - new
    low, high = np.nanquantile(old, [0.25, 0.75])
    unit = max(float(high - low) / 1.35, float(np.nanstd(old)) / 2, 1e-3 * float(np.nanmax(np.abs(old))), 1e-9)
    outside = np.clip((np.maximum(above, 0.0) - np.maximum(below, 0.0)) / unit, -50.0, 50.0)
    middle = float(np.median(outside))
    doubt = 1.2533 * 1.4826 * float(np.median(np.abs(outside - middle))) / np.sqrt(len(outside))
    return middle, float(doubt)


def _missing_more(before: Floats, recent: Floats) -> float:
    """By how much the share of assets without a value has grown since the origin that had most."""
    return float(np.isnan(recent).mean(axis=0).min() - np.isnan(before).mean(axis=0).min())


def _told_count(row: Mapping[str, Any]) -> tuple[str, str]:
    whose = Label("全部设备", "all assets") if row["group"] == "all" else kind_label(row["group"])
    span = f"{row['low']} – {row['high']}"
    return (
        f"{whose.zh}：故障 {row['observed']} 次，模型预计 {row['expected']:g} 次（合理范围 {span}）",
        f"{whose.en}: {row['observed']} failures where the model expected {row['expected']:g} ({span} would be chance)",
    )


def _told_inputs(row: Mapping[str, Any]) -> tuple[str, str]:
    kind, titles = kind_label(row["kind"]), [source_title(source) for source in row["sources"]]
    names_zh, names_en = "、".join(title.zh for title in titles), ", ".join(title.en for title in titles)
    return (
        f"{kind.zh}：多数设备的{names_zh}超出模型学习时见过的范围",
        f"{kind.en}: most assets' {names_en} left the range that the model has learnt from",
    )
