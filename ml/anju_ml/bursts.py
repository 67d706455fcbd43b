"""How often codes come, where one cause may raise a code many times over.

A count as high as a burst would drown a code that comes once a day for weeks, so of each code only so many a day count
as evidence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from anju_ml.grid import DAY

USUAL_SHARE: Final = 0.8
"""Of the days with a code: so many have no more of it than counts as evidence."""


@dataclass(frozen=True)
class UsualEvents:
    """By code: `most` of it that count on a day, and `counted` of all, cut at that."""

    most: dict[str, int]
    counted: dict[str, int]

    def rates(self, asset_days: int) -> dict[str, float]:
        """Events of each code an asset and day."""
        return {code: count / max(asset_days, 1) for code, count in self.counted.items()}


def usual_events(events: pl.DataFrame, codes: tuple[str, ...], *, since: datetime) -> UsualEvents:
    """What is usual of `codes` in `events` (asset_id, ts, code, state), by days counted from `since`. A code that never
    came counts once a day at most."""
    own = events.filter((pl.col("state") != "clear") & pl.col("code").is_in(codes))
    day = (pl.col("ts") - since).dt.total_microseconds() // (DAY // timedelta(microseconds=1))
    daily = own.group_by("code", "asset_id", day.alias("day")).agg(pl.len().cast(pl.Int64).alias("n"))
    usual = daily.group_by("code").agg(pl.col("n").quantile(USUAL_SHARE, "higher").cast(pl.Int64).alias("most"))
    counted = daily.join(usual, on="code").group_by("code").agg(pl.min_horizontal("n", "most").sum())
    none = dict.fromkeys(codes, 0)
    return UsualEvents(
        {**dict.fromkeys(codes, 1), **dict(usual.sort("code").iter_rows())}, {**none, **dict(counted.iter_rows())}
    )
