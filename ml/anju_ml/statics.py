"""Features that change slowly or never: age, model, attributes, the season."""

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.grid import DAY, Grid
from anju_ml.layout import Layout
from anju_ml.windows import Origins

Column = tuple[str, str, npt.NDArray[np.float64]]


def static_columns(assets: pl.DataFrame, grid: Grid, layout: Layout, origins: Origins) -> list[Column]:
    """(name, source, values [asset, origin]) of every asset of `grid`."""
    own = pl.DataFrame({"asset_id": list(grid.assets)}).join(assets, on="asset_id", how="left", maintain_order="left")
    columns: list[Column] = [("age:days", "age", _age_days(own, grid, origins))]
    shape = (len(own), len(origins))
    models = own["model"].to_list()
    for name in layout.models:
        flag = np.array([float(model == name) for model in models])
        columns.append((f"model {name}", "model", np.broadcast_to(flag[:, None], shape)))
    for name in layout.attributes:
        if name in own.columns and own[name].dtype.is_numeric():
            values = own[name].cast(pl.Float64).to_numpy()
        else:
            values = np.full(len(own), np.nan)
        columns.append((f"attribute {name}", name, np.broadcast_to(values[:, None], shape)))
    if layout.season:
        year = np.array([grid.time_of(int(origin)).timetuple().tm_yday for origin in origins]) * (2 * np.pi / 365.25)
        columns.append(("season:sin", "season", np.broadcast_to(np.sin(year)[None], shape)))
        columns.append(("season:cos", "season", np.broadcast_to(np.cos(year)[None], shape)))
    return columns


def _age_days(assets: pl.DataFrame, grid: Grid, origins: Origins) -> npt.NDArray[np.float64]:
    start = grid.start.replace(tzinfo=None)
    installed = assets["installed_on"].cast(pl.Datetime("us"))
    at_start = (pl.Series([start], dtype=pl.Datetime("us")) - installed).dt.total_seconds() / DAY.total_seconds()
    ages: npt.NDArray[np.float64] = at_start.cast(pl.Float64).to_numpy()[:, None] + origins[None, :]
    return np.where(ages >= 0, ages, np.nan)
