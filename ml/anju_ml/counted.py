"""Features of counts: events, complaints, visits and repairs, over several spans."""

from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.columns import Columns
from anju_ml.counts import REPAIR_CHANNELS, SEVERITIES, Records
from anju_ml.layout import Layout
from anju_ml.windows import Origins, between, days_since, running

RATE_DAYS: Final = 30.0
"""An asset's own past of a code counts against as many days of the fleet's."""


def describe_counts(columns: Columns, records: Records, layout: Layout, origins: Origins, block: slice) -> None:
    codes = [(f"event {name}", name) for name in layout.codes]
    describe_channels(columns, records.codes[block], codes, origins, (1, 3, 7, 14, 30, 90), novelty=True)
    most = np.array([layout.most[name] for name in layout.codes], np.int32)
    rates = np.array([layout.rates[name] for name in layout.codes])
    _describe_oddness(columns, np.minimum(records.codes[block], most), codes, origins, rates)
    grave = [(f"events {name}", "events") for name in SEVERITIES]
    describe_channels(columns, records.severities[block], grave, origins, (1, 7, 30), novelty=False)
    said = [(f"complaint {name}", "complaints") for name in layout.categories]
    describe_channels(columns, records.categories[block], said, origins, (7, 30, 90), novelty=False)
    anyone = records.categories[block].sum(axis=2, keepdims=True)
    describe_channels(columns, anyone, [("complaint", "complaints")], origins, (14,), novelty=False)
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
    sums_before = running(counts.transpose(1, 2, 0))
    sums = {days: between(sums_before, origins, days) for days in spans}
    for days, found in sums.items():
        columns.add_all([f"{name}:{days}d" for name in names], sources, found)
    columns.add_all([f"{name}:since" for name in names], sources, days_since(counts, origins))
    if novelty:
        usual = (sums[90] - sums[7]) * (7 / 83)
        columns.add_all([f"{name}:ratio" for name in names], sources, np.log((sums[7] + 0.5) / (usual + 0.5)))
        first = ((counts > 0) & (sums_before[:-1].transpose(2, 0, 1) == 0)).astype(np.int32)
        columns.add_all([f"{name}:first" for name in names], sources, days_since(first, origins))


def _describe_oddness(
    columns: Columns,
    counts: npt.NDArray[np.int32],
    named: list[tuple[str, str]],
    origins: Origins,
    rates: npt.NDArray[np.float64],
) -> None:
    """By how much counts exceed what the asset's past and the fleet's `rates` a day lead to expect."""
    names, sources = [name for name, _ in named], [source for _, source in named]
    sums_before = running(counts.transpose(1, 2, 0))
    past = between(sums_before, origins, 90, 14)
    days = np.clip(origins - 14, 0, 76)[None, :, None]
    usual = (past + RATE_DAYS * rates) / (days + RATE_DAYS)
    spans = {f"odd{span}": (between(sums_before, origins, span), usual * span) for span in (1, 3, 7, 14)}
    month = np.broadcast_to(np.maximum(rates, 1e-4) * 30, usual.shape)
    spans["odd30"] = between(sums_before, origins, 30), month
    spans["ago7"] = between(sums_before, origins, 14, 7), usual * 7
    for name, (found, expected) in spans.items():
        columns.add_all([f"{each}:{name}" for each in names], sources, excess(found, expected))


def excess(found: npt.NDArray[np.int64], expected: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How improbable counts above the expected are (in nats, by the Poisson bound); 0 for those below."""
    lam = np.maximum(expected, 1e-4)
    more = np.maximum(found, 1e-9)
    return np.where(found > lam, more * np.log(more / lam) - (more - lam), 0.0)
