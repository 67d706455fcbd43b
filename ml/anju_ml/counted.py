"""Features of counts: events, complaints, visits and repairs, over several spans."""

import numpy as np
import numpy.typing as npt

from anju_ml.columns import Columns
from anju_ml.counts import REPAIR_CHANNELS, SEVERITIES, Records
from anju_ml.layout import Layout
from anju_ml.windows import Origins, days_since


def _running(counts: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    out = np.zeros((counts.shape[0], counts.shape[1] + 1, counts.shape[2]), np.int64)
    np.cumsum(counts, axis=1, out=out[:, 1:])
    return out


def _within(running: npt.NDArray[np.int64], origins: Origins, days: int) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = running[:, origins] - running[:, np.maximum(origins - days, 0)]
    return found


def describe_counts(columns: Columns, records: Records, layout: Layout, origins: Origins, block: slice) -> None:
    codes = [(f"event {name}", name) for name in layout.codes]
    describe_channels(columns, records.codes[block], codes, origins, (1, 3, 7, 14, 30, 90), novelty=True)
    grave = [(f"events {name}", "events") for name in SEVERITIES]
    describe_channels(columns, records.severities[block], grave, origins, (1, 7, 30), novelty=False)
    said = [(f"complaint {name}", "complaints") for name in layout.categories]
    describe_channels(columns, records.categories[block], said, origins, (7, 30, 90), novelty=False)
    visits = [(f"visits {name}", "repairs") for name in REPAIR_CHANNELS]
    describe_channels(columns, records.visits[block], visits, origins, (30, 90, 365), novelty=False)
    describe_channels(columns, records.opened[block], [("opened", "repairs")], origins, (7, 90), novelty=False)


def describe_channels(
    columns: Columns,
    counts: npt.NDArray[np.int32],
    named: list[tuple[str, str]],
    origins: Origins,
    spans: tuple[int, ...],
    *,
    novelty: bool,
) -> None:
    """Counts over `spans`, days since the last, and for `novelty` the ratio of the last week to the weeks before and
    the days since the very first."""
    names, sources = [name for name, _ in named], [source for _, source in named]
    running = _running(counts)
    sums = {days: _within(running, origins, days) for days in spans}
    for days, found in sums.items():
        columns.add_all([f"{name}:{days}d" for name in names], sources, found)
    columns.add_all([f"{name}:since" for name in names], sources, days_since(counts, origins))
    if novelty:
        usual = (sums[90] - sums[7]) * (7 / 83)
        columns.add_all([f"{name}:ratio" for name in names], sources, np.log((sums[7] + 0.5) / (usual + 0.5)))
        first = np.where((counts > 0) & (np.cumsum(counts, axis=1) == counts), 1, 0)
        columns.add_all([f"{name}:first" for name in names], sources, days_since(first, origins))
