"""NASA C-MAPSS run-to-failure sets as a history folder, for `anju-ml remaining` and `anju-ml backtest`.

    python benchmarks/cmapss_history.py DATA FD001 OUT

Each engine is one asset and each cycle a day with one reading. Engines of the training file start some days apart and
end in a corrective repair with a fault found, after which they are gone. When all have failed, engines of the test file
follow, so that each has its last cycle on the last day of the record. OUT.truth.csv tells when they would have failed,
and the first day that nothing must be learned from is printed. No repairs in between, no events, no complaints: this
tries features and hazard, not what a ticket is worth.
"""

import gzip
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

START = datetime(2020, 1, 1, tzinfo=UTC)
APART_DAYS = 3
COLUMNS = ("unit", "cycle", *(f"setting_{n}" for n in range(1, 4)), *(f"sensor_{n:02}" for n in range(1, 22)))
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Placed:
    """`cycles`: one row a cycle with asset_id and ts; `lives`: asset_id, first and last moment."""

    cycles: pl.DataFrame
    lives: pl.DataFrame


def read_set(path: Path) -> pl.DataFrame:
    """One row a cycle; columns as COLUMNS."""
    with gzip.open(path, "rt") as file:
        rows = [[float(cell) for cell in line.split()] for line in file]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.Float64), orient="row")


def place(cycles: pl.DataFrame, prefix: str, first_day: pl.Expr) -> Placed:
    """Engines on the calendar; `first_day` (days since START) of an engine from its `unit` and its `last` cycle."""
    lasts = cycles.group_by("unit").agg(pl.col("cycle").max().alias("last"))
    days = pl.col("first_day") + pl.col("cycle").cast(pl.Int64) - 1
    named = cycles.join(lasts.with_columns(first_day.cast(pl.Int64).alias("first_day")), on="unit").with_columns(
        pl.format("{}-{}", pl.lit(prefix), pl.col("unit").cast(pl.Int64).cast(pl.String).str.zfill(3)).alias(
            "asset_id"
        ),
        (pl.lit(START) + days * DAY + timedelta(hours=12)).alias("ts"),
    )
    lives = named.group_by("asset_id").agg(pl.col("ts").min().alias("first"), pl.col("ts").max().alias("at"))
    return Placed(named.select("asset_id", "ts", *COLUMNS[2:]), lives.sort("asset_id"))


def repairs(lives: pl.DataFrame) -> pl.DataFrame:
    return lives.select(
        "asset_id",
        (pl.col("at") + timedelta(hours=6)).alias("opened_at"),
        (pl.col("at") + timedelta(hours=10)).alias("closed_at"),
        pl.lit("core").alias("component"),
        pl.lit("replace").alias("action"),
        pl.lit("corrective").alias("cause"),
        pl.lit(None, dtype=pl.String).alias("fault_code"),
        pl.lit(True).alias("fault_found"),
    )


def truth(lives: pl.DataFrame, remaining: list[float], end: datetime) -> pl.DataFrame:
    """When each engine of the test file would have failed; `remaining` cycles in the order of engines."""
    return lives.select(
        "asset_id",
        pl.lit("core").alias("component"),
        pl.col("first").alias("began_at"),
        pl.lit(None, dtype=pl.String).alias("detectable_from"),
        (pl.lit(end) + pl.Series(remaining) * DAY).alias("ended_at"),
        pl.lit("wear").alias("mode"),
    )


def write_history(data: Path, name: str, out: Path) -> datetime:
    """The folder `out`; returns the first day that nothing must be learned from."""
    out.mkdir(parents=True, exist_ok=True)
    run = place(read_set(data / f"train_{name}.txt.gz"), "run", (pl.col("unit") - 1) * APART_DAYS)
    tests = read_set(data / f"test_{name}.txt.gz")
    last_failure = run.lives["at"].max()
    assert isinstance(last_failure, datetime)
    begin = (last_failure - START).days + 5
    longest = int(tests["cycle"].max())  # type: ignore[arg-type]
    test = place(tests, "test", begin + longest - pl.col("last"))
    pl.concat([run.cycles, test.cycles]).write_parquet(out / "readings.parquet")
    repairs(run.lives).write_parquet(out / "repairs.parquet")
    pl.concat([run.lives, test.lives]).select(
        "asset_id",
        pl.lit("engine").alias("kind"),
        pl.lit("turbofan").alias("model"),
        pl.col("first").dt.date().alias("installed_on"),
    ).write_parquet(out / "assets.parquet")
    with gzip.open(data / f"RUL_{name}.txt.gz", "rt") as file:
        left = [float(line) for line in file]
    end = START + (begin + longest) * DAY
    truth(test.lives, left, end).write_csv(out.with_name(f"{out.name}.truth.csv"), datetime_format="%Y-%m-%dT%H:%M:%SZ")
    return START + begin * DAY


if __name__ == "__main__":
    print(f"{write_history(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])):%Y-%m-%d}")
