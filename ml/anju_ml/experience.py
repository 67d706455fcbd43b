"""What components of other fleets showed before they failed, for fleets with few failures of their own.

The hazard shared by all components sees evidence, rarity and repair history, in units that mean the same in any fleet:
how they turn into failures need not be learned anew from a dozen of them. `experience.parquet` holds rows of invented
fleets (`python -m benchmarks.experience` writes it); nothing of the simulator is in it.
"""

from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import polars as pl

from anju_ml.hazard import Rows
from anju_ml.signature import shared_names

FILE: Final = files("anju_ml") / "experience.parquet"
OUTCOME: Final = ("fails_in", "known_for", "weight")
MOST_FAILURES: Final = 60.0
"""What other fleets showed counts as so many failures where there are none yet."""
HALVED_AT: Final = 20.0
"""And as half of that beside so many of the fleet's own."""
NO_GROUP: Final = -1


def experience(failures: int) -> Rows:
    """Rows in the columns of `shared_names`, weighted for a fleet with so many failures of its own: the more it has,
    the less those of others count."""
    rows = _rows()
    return replace(rows, weights=rows.weights * (MOST_FAILURES * HALVED_AT / (HALVED_AT + failures)))


@cache
def _rows() -> Rows:
    """All together weigh as one failure and the days without one beside it."""
    with FILE.open("rb") as file:
        table = pl.read_parquet(file)
    fails_in, known_for, weights = (table[name].to_numpy().astype(np.float64) for name in OUTCOME)
    values = np.ascontiguousarray(table.select(shared_names()[0]).to_numpy().astype(np.float32))
    return Rows(values, np.full(len(table), NO_GROUP, np.int64), fails_in, known_for, weights)
