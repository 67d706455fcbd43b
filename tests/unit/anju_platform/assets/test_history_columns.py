from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl

from anju_platform.assets.history_columns import points_of, slices
from anju_platform.storage.samples import from_us

START = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def wide(hours: int) -> pl.DataFrame:
    """Two assets; b has no `hum` at all, and every third `temp` is missing."""
    rows = [
        (asset, START + timedelta(hours=hour), float(hour) if hour % 3 else None, 50.0 if asset == "a" else None)
        for hour in reversed(range(hours))
        for asset in ("b", "a")
    ]
    schema = {"asset_id": pl.String, "ts": pl.Datetime("us", "UTC"), "temp": pl.Float64, "hum": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_an_asset_has_the_points_of_which_it_has_a_value() -> None:
    assert points_of([wide(5)]) == {"a": ["hum", "temp"], "b": ["temp"]}


def test_slices_hold_every_value_once_and_end_where_a_day_ends() -> None:
    ids = {("a", "temp"): 1, ("a", "hum"): 2, ("b", "temp"): 3}
    parts = list(slices(wide(50), ids, at_once=4))
    days = [{from_us(int(at)).date() for at in part.at_us} for part in parts]
    assert len(parts) == 3
    assert all(not left & right for left, right in pairwise(days))
    assert sum(len(part) for part in parts) == wide(50).select(pl.col("temp", "hum").count()).sum_horizontal().sum()
    assert {int(point) for part in parts for point in part.point_ids} == {1, 2, 3}


def test_a_table_without_rows_has_no_slices() -> None:
    assert list(slices(wide(0), {})) == []
