"""How odd each point and code of a kind looks: its statistics in nats of surprise, as calm days have them.

A deviation says nothing until one knows how often it comes without a failure behind it: a point that people, weather
or drifting sensors move has a long tail and needs to move far; a quiet one speaks at once. In nats all points and codes
of all kinds are alike, so that their evidence can be added up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

STATISTICS: Final = (
    "now",
    "week",
    "fortnight",
    "long",
    "week before",
    "fortnight before",
    "slope",
    "long slope",
    "fresh",
    "first",
    "peers",
)
OF_POINTS: Final = ("z1", "held7", "held14", "long", "ago7", "ago14", "slope14", "slope30", "fresh", "first", "peer7")
OF_CODES: Final = ("odd1", "odd7", "odd14", "odd30", "ago7", "", "", "", "", "", "")
WEEK: Final = STATISTICS.index("week")
LONG: Final = STATISTICS.index("long")
FRESH: Final = STATISTICS.index("fresh")
FIRST: Final = STATISTICS.index("first")
PEERS: Final = STATISTICS.index("peers")
REFERENCES: Final = (WEEK, LONG, FRESH, FIRST, PEERS)
"""What the last week may be held against: the months before, the long past, the weeks after the last repair (or else
the long past), the same (or else the first weeks on record), its peers of the same days."""
LEVELS: Final = (*np.linspace(0.0, 0.9, 46), 0.925, 0.95, 0.965, 0.98, 0.99, 0.995)
MOST_NATS: Final = 14.0
CALM_AT_LEAST: Final = 50
BEYOND_FROM: Final = 0.97

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Board:
    """`columns` [channel, statistic] into the full matrix (-1: none). `levels` and `nats` [channel, statistic,
    level] give the surprise of an absolute value, `beyond` [channel, statistic] how much more is another nat above
    the last level (0: says nothing)."""

    names: tuple[str, ...]
    codes: tuple[bool, ...]
    columns: Indices
    levels: Floats
    nats: Floats
    beyond: Floats

    def surprise(self, values: Floats) -> Floats:
        """[row, channel, statistic], signed as the deviation is; 0 where there is no value. Where there was no
        repair to hold the last week against, the long past stands in."""
        out = np.zeros((len(values), *self.columns.shape), np.float32)
        for channel, statistic in np.argwhere((self.columns >= 0) & (self.beyond > 0)):
            own = values[:, self.columns[channel, statistic]]
            size, levels = np.abs(own), self.levels[channel, statistic]
            found = np.interp(size, levels, self.nats[channel, statistic])
            found += np.maximum(size - levels[-1], 0.0) / self.beyond[channel, statistic]
            out[:, channel, statistic] = np.sign(own) * np.minimum(found, MOST_NATS)
        unknown = np.isnan(out[:, :, FRESH]) | (self.beyond[:, FRESH] == 0)
        out[:, :, FRESH] = np.where(unknown, out[:, :, LONG], out[:, :, FRESH])
        return np.nan_to_num(out)


def learn_board(names: Sequence[str], points: Sequence[str], codes: Sequence[str], calm: Floats) -> Board:
    """The board of the primary series `points` and of `codes`; `names` are the columns of `calm`, rows of the full
    matrix far from any failure."""
    place = {name: index for index, name in enumerate(names)}
    rows = [[place.get(f"{point}:{each}", -1) for each in OF_POINTS] for point in points]
    rows += [[place.get(f"event {code}:{each}", -1) for each in OF_CODES] for code in codes]
    columns = np.array(rows, np.int64).reshape(len(rows), len(STATISTICS))
    shape = (*columns.shape, len(LEVELS))
    levels, nats = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    beyond = np.zeros(columns.shape, np.float32)
    for channel, statistic in np.argwhere(columns >= 0):
        sample = np.abs(calm[:, columns[channel, statistic]])
        sample = np.sort(sample[~np.isnan(sample)])
        if len(sample) >= CALM_AT_LEAST and sample[-1] > 0:
            place_of = channel, statistic
            levels[place_of], nats[place_of], beyond[place_of] = _tail(sample)
    of_code = (*(False for _ in points), *(True for _ in codes))
    return Board((*points, *codes), of_code, columns, levels, nats, beyond)


def _tail(sample: Floats) -> tuple[Floats, Floats, float]:
    """Levels of ascending calm values, the nats at each (minus the log of the share at or above it), and the size of
    a further nat, by an exponential tail."""
    levels = np.quantile(sample, LEVELS).astype(np.float32)
    above = 1.0 - np.searchsorted(sample, levels, side="left") / len(sample)
    nats = -np.log(np.maximum(above, 1e-9))
    high = float(np.quantile(sample, BEYOND_FROM))
    excess = sample[sample > high] - high
    further = max(float(excess.mean()) if len(excess) else 0.0, 0.15 * high, 1e-3)
    return levels, np.maximum.accumulate(nats).astype(np.float32), further
