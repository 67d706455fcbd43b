"""Write the experience that fleets with few failures learn from beside their own: ml/anju_ml/experience.parquet.

    python -m benchmarks.experience

Fleets of the second generator (`other_fleet.py`), none of the seeds that figures are told of: many small ones, so that
signatures are as wrong as those of a small fleet are, some larger, some without events or without readings. Run it anew
when the columns of the shared hazard change or mean something else.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import polars as pl

from anju_ml.experience import FILE, OUTCOME
from anju_ml.hazard import EDGES, Rows, stack
from anju_ml.hazards import numbered
from anju_ml.history import read_history
from anju_ml.signature import shared_names
from benchmarks.hazard_rows import folds_of, last_day
from benchmarks.other_fleet import write_fleet

FLEETS: Final = (
    *((30, days, "") for days in (200, 250, 300, 350, 400, 450) for _ in range(2)),
    *((80, days, "") for days in (250, 300, 350, 400, 450)),
    *((80, 450, without) for without in ("events", "readings") for _ in range(2)),
)
"""Assets, days, and the table that is left out."""
FIRST_SEED: Final = 101
EVERY_BEFORE: Final = 8
"""Of the rows before failures one in so many is kept, and of the others one in EVERY_ELSE."""
EVERY_ELSE: Final = 40
DIGITS: Final = 4


def main() -> None:
    parts, failures = [], 0
    for seed, fleet in enumerate(FLEETS, FIRST_SEED):
        own = rows_of(*fleet, seed=seed)
        failures += _failures(own)
        parts.append(own)
    kept = thinned(stack(parts), np.random.default_rng(FIRST_SEED))
    kept = replace(kept, weights=kept.weights / failures)
    table(kept).write_parquet(Path(str(FILE)), compression="zstd", compression_level=19)
    print(f"{len(kept.groups)} rows of {failures} failures in {len(FLEETS)} fleets: {FILE}")


def rows_of(assets: int, days: int, without: str, *, seed: int) -> Rows:
    """What one member of the fleet's shared hazard is fitted on."""
    with TemporaryDirectory() as folder:
        write_fleet(Path(folder), count=assets, days=days, seed=seed, without=without)
        history, _ = read_history(Path(folder))
    return next(folds_of(history, as_of=last_day(history), seed=seed)).rows


def _failures(rows: Rows) -> int:
    before = rows.failed_within(EDGES[-1])
    return int(numbered(rows, before).max(initial=0))


def thinned(rows: Rows, rng: np.random.Generator) -> Rows:
    every = np.where(rows.failed_within(EDGES[-1]), EVERY_BEFORE, EVERY_ELSE)
    kept = np.flatnonzero(rng.random(len(every)) < 1.0 / every)
    return replace(rows, weights=rows.weights * every).take(kept)


def table(rows: Rows) -> pl.DataFrame:
    names = shared_names()[0]
    values = pl.DataFrame(rows.values, schema=names).with_columns(pl.all().round_sig_figs(DIGITS))
    outcome = dict(zip(OUTCOME, (rows.fails_in, rows.known_for, rows.weights), strict=True))
    return values.with_columns(pl.Series(name, column).cast(pl.Float32) for name, column in outcome.items())


if __name__ == "__main__":
    main()
