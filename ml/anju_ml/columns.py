"""Features being collected, by name and source."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats


@dataclass
class Columns:
    """Features being collected: `values` are [asset, origin] arrays of one block of assets."""

    names: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)

    def add(self, name: str, source: str, values: npt.NDArray[np.generic]) -> None:
        self.names.append(name)
        self.sources.append(source)
        self.values.append(values.astype(np.float32))

    def add_all(self, names: list[str], sources: list[str], values: npt.NDArray[np.generic]) -> None:
        """One column for each of the last axis of `values` [asset, origin, column]."""
        for index, (name, source) in enumerate(zip(names, sources, strict=True)):
            self.add(name, source, values[:, :, index])
