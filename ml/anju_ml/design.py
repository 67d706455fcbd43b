"""Feature matrices of a component: its kind's features and its own, or a summary that means the same in any kind."""

from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.features import Features
from anju_ml.grid import Floats

Indices = npt.NDArray[np.int64]
SUMMARY: Final = (
    ("z3", "max"),
    ("z3", "mean"),
    ("z14", "max"),
    ("z14", "mean"),
    ("peer7", "max"),
    ("change", "max"),
    ("slope30", "max"),
    ("fresh", "max"),
    ("fresh", "mean"),
    ("unrest", "max"),
    ("ratio", "max"),
)
"""Over all features of a statistic: the greatest size, or the mean size."""
PLAIN: Final = (
    "events minor:7d",
    "events major:7d",
    "events critical:7d",
    "events minor:30d",
    "visits corrective:30d",
    "visits corrective:90d",
    "visits no_finding:90d",
    "opened:7d",
    "own corrective:90d",
    "own corrective:365d",
    "own corrective:since",
    "own reset:since",
    "age:days",
)


def names_of(features: Features) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and sources of the columns of `full_matrix`."""
    return (*features.names, *features.own_names), (*features.sources, *features.own_sources)


def full_matrix(features: Features, component: str, assets: Indices, origins: Indices) -> Floats:
    """[row, feature] for the rows (assets[i], origins[i]), both positions in `features`."""
    return np.hstack([features.common[assets, origins], features.own[component][assets, origins]])


def pooled_matrix(features: Features, component: str, assets: Indices, origins: Indices) -> Floats:
    """As `full_matrix`, then one column a component of the kind that says whether it is this one."""
    own = np.zeros((len(assets), len(features.own)), np.float32)
    own[:, list(features.own).index(component)] = 1.0
    return np.hstack([full_matrix(features, component, assets, origins), own])


def summary_matrix(
    features: Features, component: str, assets: Indices, origins: Indices, *, base_rate: float
) -> Floats:
    """[row, SUMMARY + PLAIN + base rate]: `base_rate` is the log of the component's failures an asset and day."""
    names, _ = names_of(features)
    values = full_matrix(features, component, assets, origins)
    columns = [_summed(values, names, statistic, how) for statistic, how in SUMMARY]
    place = {name: index for index, name in enumerate(names)}
    missing = np.full(len(values), np.nan, np.float32)
    columns += [values[:, place[name]] if name in place else missing for name in PLAIN]
    columns.append(np.full(len(values), base_rate, np.float32))
    return np.stack(columns, axis=1)


def _summed(values: Floats, names: tuple[str, ...], statistic: str, how: str) -> Floats:
    own = [index for index, name in enumerate(names) if name.endswith(f":{statistic}")]
    if not own:
        return np.full(len(values), np.nan, np.float32)
    sizes = np.abs(values[:, own])
    present = ~np.isnan(sizes)
    if how == "max":
        found = np.where(present, sizes, -1.0).max(axis=1)
    else:
        found = np.where(present, sizes, 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    out: Floats = np.where(present.any(axis=1), found, np.nan).astype(np.float32)
    return out


SUMMARY_SOURCES: Final = tuple(
    ["readings"] * len(SUMMARY[:-1])
    + ["events"]
    + ["events" if name.startswith("events") else "age" if name.startswith("age") else "repairs" for name in PLAIN]
    + [""]
)
