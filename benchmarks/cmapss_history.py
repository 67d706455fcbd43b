"""NASA C-MAPSS run-to-failure sets as a history folder, for `anju-ml backtest`.

    python benchmarks/cmapss_history.py train_FD001.txt.gz OUT

Each engine is one asset and each cycle a day with one reading; a corrective repair with a fault found opens at its last
cycle, after which the engine is gone. Engines start some days apart, so that at any date some are young and some old.
No repairs in between, no events, no complaints: this tries features and hazard, not what a ticket is worth.
"""

import gzip
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

START = datetime(2020, 1, 1, tzinfo=UTC)
APART_DAYS = 3
COLUMNS = ("unit", "cycle", *(f"setting_{n}" for n in range(1, 4)), *(f"sensor_{n:02}" for n in range(1, 22)))


def read_set(path: Path) -> pl.DataFrame:
    """One row a cycle; columns as COLUMNS."""
    with gzip.open(path, "rt") as file:
        rows = [[float(cell) for cell in line.split()] for line in file]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.Float64), orient="row")


def write_history(cycles: pl.DataFrame, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    unit = pl.col("unit").cast(pl.Int64)
    days = ((unit - 1) * APART_DAYS + pl.col("cycle").cast(pl.Int64) - 1) * timedelta(days=1)
    named = cycles.with_columns(
        pl.format("engine-{}", unit.cast(pl.String).str.zfill(3)).alias("asset_id"),
        (pl.lit(START) + days + timedelta(hours=12)).alias("ts"),
    )
    named.select("asset_id", "ts", *COLUMNS[2:]).write_parquet(out / "readings.parquet")
    last = named.group_by("asset_id").agg(pl.col("ts").max().alias("at")).sort("asset_id")
    last.select(
        "asset_id",
        (pl.col("at") + timedelta(hours=6)).alias("opened_at"),
        (pl.col("at") + timedelta(hours=10)).alias("closed_at"),
        pl.lit("core").alias("component"),
        pl.lit("replace").alias("action"),
        pl.lit("corrective").alias("cause"),
        pl.lit(None, dtype=pl.String).alias("fault_code"),
        pl.lit(True).alias("fault_found"),
    ).write_parquet(out / "repairs.parquet")
    last.select(
        "asset_id",
        pl.lit("engine").alias("kind"),
        pl.lit("turbofan").alias("model"),
        pl.lit(date(2020, 1, 1)).alias("installed_on"),
    ).write_parquet(out / "assets.parquet")


if __name__ == "__main__":
    write_history(read_set(Path(sys.argv[1])), Path(sys.argv[2]))
