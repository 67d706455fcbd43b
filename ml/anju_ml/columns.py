"""Features being collected, by name and source."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats


@dataclass
class Columns:
    """Features being collected: `values` are [asset, origin, column] arrays of one block of assets, which together
    have as many columns as there are `names`."""

    names: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    values: list[npt.NDArray[np.generic]] = field(default_factory=list)

    def add(self, name: str, source: str, values: npt.NDArray[np.generic]) -> None:
        """`values` [asset, origin]."""
        self.add_all([name], [source], values[:, :, None])

    def add_all(self, names: list[str], sources: list[str], values: npt.NDArray[np.generic]) -> None:
        """One column for each of the last axis of `values` [asset, origin, column]."""
        self.names += names
        self.sources += sources
        self.values.append(values)

    def write(self, out: Floats) -> None:
        """Into `out` [asset, origin, column]."""
        place = 0
        for values in self.values:
            width = values.shape[2]
            out[:, :, place : place + width] = values
            place += width
