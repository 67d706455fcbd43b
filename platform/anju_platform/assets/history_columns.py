"""Wide tables of readings as columns of samples. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from anju_platform.storage.samples import Samples, settle

SLICE_VALUES: Final = 600_000
"""About as many readings as are sent to the database at once."""


def points_of(frames: Sequence[pl.DataFrame]) -> dict[str, list[str]]:
    """The points of each asset: the columns in which it has a value at all."""
    points: dict[str, set[str]] = {}
    for frame in frames:
        columns = point_columns(frame)
        present = frame.group_by("asset_id").agg(pl.col(columns).is_not_null().any())
        for row in present.iter_rows(named=True):
            points.setdefault(row["asset_id"], set()).update(name for name in columns if row[name])
    return {asset: sorted(names) for asset, names in points.items()}


def point_columns(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in ("asset_id", "ts")]


def slices(
    frame: pl.DataFrame, point_ids: Mapping[tuple[str, str], int], *, at_once: int = SLICE_VALUES
) -> Iterator[Samples]:
    """The readings of `frame` in the order of time, settled, in slices that never cut a day (in UTC) in two.

    `point_ids` are by asset and point; a day may be larger than `at_once` values.
    """
    columns = point_columns(frame)
    ordered = frame.sort("ts")
    assets, index = _numbered(ordered["asset_id"])
    ids = np.array([[point_ids.get((asset, name), 0) for name in columns] for asset in assets], np.int64)
    ids = ids.reshape(len(assets), len(columns))
    at_us = ordered["ts"].cast(pl.Datetime("us", "UTC")).to_physical().to_numpy()
    for start, end in _cuts(ordered["ts"], max(1, at_once // max(1, len(columns)))):
        part = ordered[start:end].select(columns).to_numpy()
        rows, cells = np.nonzero(np.isfinite(part))
        found = Samples(
            ids[index[start:end][rows], cells],
            at_us[start:end][rows],
            part[rows, cells] + 0.0,
            np.zeros(len(rows), np.int16),
        )
        if len(found):
            yield settle(found)


def _numbered(names: pl.Series) -> tuple[list[str], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The distinct names, and for each row which of them it has."""
    distinct = names.unique().sort()
    numbers = pl.DataFrame({"asset_id": distinct}).with_row_index("number")
    joined = pl.DataFrame({"asset_id": names}).join(numbers, on="asset_id", how="left", maintain_order="left")
    return distinct.to_list(), joined["number"].cast(pl.Int64).to_numpy()


def _cuts(ts: pl.Series, rows: int) -> Iterator[tuple[int, int]]:
    """Row ranges of about `rows` rows in a sorted column of moments that end where a day ends."""
    days = ts.cast(pl.Datetime("us", "UTC")).to_physical().to_numpy() // 86_400_000_000
    ends = np.append(np.flatnonzero(days[1:] != days[:-1]) + 1, len(days))
    start = 0
    for end in ends:
        if end - start >= rows or end == len(days):
            yield start, int(end)
            start = int(end)
