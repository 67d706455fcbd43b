"""A simulation's hidden truth, for evaluation alone: which lives of components wore out, and from when it showed."""

from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.cells import TIME
from anju_ml.tables import Findings, Schema, read_texts, typed

TRUTH: Final[Schema] = {
    "asset_id": pl.String,
    "component": pl.String,
    "began_at": TIME,
    "detectable_from": TIME,
    "ended_at": TIME,
    "mode": pl.String,
}


def read_truth(path: Path) -> pl.DataFrame:
    """asset_id, component, began_at, detectable_from (null: never showed), ended_at (null: still runs), mode."""
    findings = Findings("stop")
    frame = typed(read_texts(path, findings), TRUTH, ("asset_id", "component", "began_at"), path.name, findings)
    return frame.select(list(TRUTH))


def modes(failures: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """`failures` with `mode` and `detectable_from` of the life that each ended; null where truth has none. A life that
    begins at the very moment is the one after."""
    lives = truth.sort("began_at")
    joined = failures.sort("opened_at").join_asof(
        lives,
        left_on="opened_at",
        right_on="began_at",
        by=["asset_id", "component"],
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return joined.drop("began_at", "ended_at").sort(["asset_id", "onset", "component"])
