"""What an asset's peers do on the same day, taken off, so that season and weather go."""

from collections.abc import Collection

import numpy as np

from anju_ml.grid import Floats, Grid
from anju_ml.layout import PEERS_AT_LEAST, Series


def remove_peers(values: Floats, grid: Grid, series: Series, peered: Collection[str]) -> Floats:
    """`values` less the median of the same day over assets of the same model (of the kind where there are few), so
    that season and weather go. Only series that usually have PEERS_AT_LEAST peers (`peered`) are changed."""
    out = values.copy()
    kept = np.array([name in peered for name in series.names], np.bool_)
    if not kept.any():
        return out
    models = np.array(grid.models)
    groups = [np.flatnonzero(models == name) for name in sorted(set(grid.models))]
    for group in groups:
        peers = values[group] if PEERS_AT_LEAST <= len(group) < len(models) else values
        usual = np.where(kept, _carried(peer_median(peers)), np.float32(0.0))
        if len(group) == len(models):
            out -= usual
        else:
            out[group] -= usual
    return out


def peer_median(values: Floats) -> Floats:
    """Median over the first axis; NaN where fewer than PEERS_AT_LEAST have a value."""
    ordered = np.sort(values, axis=0)
    count = (~np.isnan(ordered)).sum(axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, len(values) - 1)
    middle = (np.take_along_axis(ordered, low[None], 0)[0] + np.take_along_axis(ordered, high[None], 0)[0]) / 2
    found: Floats = np.where(count >= PEERS_AT_LEAST, middle, np.nan).astype(np.float32)
    return found


def _carried(medians: Floats) -> Floats:
    """On days with too few peers the last median [day, series] that there was; NaN before the first."""
    days = np.arange(len(medians))[:, None]
    seen = np.maximum.accumulate(np.where(np.isnan(medians), -1, days), axis=0)
    carried = np.take_along_axis(medians, np.maximum(seen, 0), axis=0)
    found: Floats = np.where(seen >= 0, carried, np.nan)
    return found
