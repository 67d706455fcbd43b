"""What an asset's peers do on the same day, to be taken off, so that season and weather go."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anju_ml.cores import each
from anju_ml.grid import Floats, Grid
from anju_ml.layout import PEERS_AT_LEAST, Series


@dataclass(frozen=True)
class Peers:
    """`usual` [day, series, group] is what the peers of each group of assets show, `groups` [asset] the group of
    each asset."""

    usual: Floats
    groups: npt.NDArray[np.int64]

    def taken_off(self, values: Floats, assets: slice) -> Floats:
        """`values` [asset, day, series] of some assets, less what their peers show."""
        own = self.groups[assets]
        found: Floats = values - self.usual[:, :, own[:1] if (own == own[0]).all() else own].transpose(2, 0, 1)
        return found


def find_peers(values: Floats, grid: Grid, series: Series, peered: Collection[str]) -> Peers:
    """Medians of the same day over assets of the same model (of the kind where there are few). Only series that
    usually have PEERS_AT_LEAST peers (`peered`) are compared; of the others nothing is taken off."""
    names, groups = np.unique(np.array(grid.models), return_inverse=True)
    usual = np.zeros((*values.shape[1:], len(names)), np.float32)
    kept = np.array([name in peered for name in series.names], np.bool_)
    by_day = values.transpose(1, 2, 0)
    everyone: Floats | None = None
    for group in range(len(names)) if kept.any() else ():
        members = np.flatnonzero(groups == group)
        if PEERS_AT_LEAST <= len(members) < len(groups):
            found = peer_medians(by_day[:, :, members], kept)
        else:
            everyone = peer_medians(by_day, kept) if everyone is None else everyone
            found = everyone
        usual[:, kept, group] = _carried(found)
    return Peers(usual, groups)


def peer_medians(by_day: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    """Medians [day, series] over the assets of `by_day` [day, series, asset], of the `kept` series alone; NaN where
    fewer than PEERS_AT_LEAST have a value."""
    return np.array(each(lambda day: _medians(day[kept]), by_day)).reshape(len(by_day), int(kept.sum()))


def _medians(rows: Floats) -> Floats:
    """The median of each row, gaps left out."""
    count = (~np.isnan(rows)).sum(axis=1)
    found = np.full(len(rows), np.nan, np.float32)
    for size in np.unique(count[count >= PEERS_AT_LEAST]):
        own = np.partition(rows[count == size], size // 2, axis=1)
        high = own[:, size // 2]
        low = high if size % 2 else own[:, : size // 2].max(axis=1)
        found[count == size] = (low + high) / 2
    return found


def _carried(medians: Floats) -> Floats:
    """On days with too few peers the last median [day, series] that there was; NaN before the first."""
    days = np.arange(len(medians))[:, None]
    seen = np.maximum.accumulate(np.where(np.isnan(medians), -1, days), axis=0)
    carried = np.take_along_axis(medians, np.maximum(seen, 0), axis=0)
    found: Floats = np.where(seen >= 0, carried, np.nan)
    return found
