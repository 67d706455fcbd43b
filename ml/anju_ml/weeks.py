"""What the points of a kind showed over the last week and the months before, for people and for comparing peers."""

import numpy as np

from anju_ml.grid import Floats, Grid
from anju_ml.layout import Layout, one_series


class Weeks:
    """Series of all assets of a grid before an origin, at the usual load where they follow one (NaN where that isn't
    known); each is looked at once."""

    def __init__(self, layout: Layout, grid: Grid, origin: int) -> None:
        self._layout, self._grid, self._origin = layout, grid, origin
        self._medians: dict[str, tuple[Floats, Floats]] = {}
        self._of_model: dict[tuple[str, str], Floats] = {}

    def medians(self, series: str) -> tuple[Floats, Floats]:
        """[asset] of the last 7 days, and of the days 90 to 14 before the origin."""
        if series not in self._medians:
            days = self._daily(series)
            self._medians[series] = _medians(days[:, -7:]), _medians(days[:, -90:-14])
        return self._medians[series]

    def of_model(self, series: str, model: str) -> Floats:
        """Medians of the last 7 days over the assets of a model that have one, ascending."""
        if (series, model) not in self._of_model:
            own = self.medians(series)[0][np.array(self._grid.models) == model]
            self._of_model[series, model] = np.sort(own[~np.isnan(own)])
        return self._of_model[series, model]

    def at_usual_load(self, series: str) -> bool:
        """Whether the series follows a load, so that it is told as it would stand at the usual one."""
        return series in self._layout.load.follows

    def _daily(self, series: str) -> Floats:
        """[asset, day]"""
        found = one_series(self._grid, self._layout, series)[:, : self._origin]
        if not self.at_usual_load(series):
            return found
        driver = self._layout.load.follows[series].driver
        both = np.stack([one_series(self._grid, self._layout, driver)[:, : self._origin], found], axis=2)
        return self._layout.load.taken_off(both, (driver, series))[:, :, 1]


def _medians(values: Floats) -> Floats:
    """By row of what is there; NaN where nothing is."""
    if not values.shape[1]:
        return np.full(len(values), np.nan, np.float32)
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    rows = np.arange(len(values))
    found: Floats = (ordered[rows, low] + ordered[rows, np.minimum(high, values.shape[1] - 1)]) / np.float32(2)
    return found
