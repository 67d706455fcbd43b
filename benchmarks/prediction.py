"""Features, training and scoring on a synthetic fleet of pumps whose seals wear."""

import resource
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from anju_ml.backtest import run_backtest
from anju_ml.engine import Engine, EngineUnavailableError, Here, dask_engine
from anju_ml.features import compute_features
from anju_ml.grid import daily_grids
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.layout import learn_layout
from anju_ml.model import Model, train
from anju_ml.policy import Policy
from anju_ml.walk import Ticket
from benchmarks.figures import Absent, Figure, Goal, NotMeasuredError
from benchmarks.stage import Bench
from benchmarks.tsfresh_bed import VERSION, WINDOW_DAYS, extracted

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POINTS = 8
LIFE_DAYS = 120.0
TRAINED_MOST_S = 180.0
TRAINED_MOST_GB = 4.0
SCORED_MOST_S = 60.0
SCORED_DAYS = 120


def run(bench: Bench) -> Iterator[Figure | Absent]:
    assets, days = bench.size(1000, quick=60), bench.size(365, quick=120)
    history = fleet(assets, days, every_h=1, seed=1)
    as_of = START + days * DAY
    yield _features(history, as_of, f"{assets} assets, {days} days of hourly readings, {POINTS} points")
    began_s = time.monotonic()
    model = train(history, as_of=as_of, horizon=30 * DAY, lead=DAY, policy=Policy(), seed=0)
    took_s = time.monotonic() - began_s
    how = f"readings in memory to a trained model: {assets} assets, {days} days of hourly readings, {POINTS} points"
    yield Figure("training", "s", [took_s], how, goal=Goal("median", most=TRAINED_MOST_S))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    yield Figure("training, peak memory", "GB", [peak_gb], how, goal=Goal("median", most=TRAINED_MOST_GB))
    del history
    yield _scoring(model, bench.size(100_000, quick=1000))
    yield _beside_tsfresh(bench)
    yield from _engines(bench)


def _features(history: History, as_of: datetime, how: str) -> Figure:
    began_s = time.monotonic()
    grid = daily_grids(history, anchor=as_of)["pump"]
    layout = learn_layout(history, grid, origin=grid.days)
    compute_features(history, grid, layout, np.arange(30, grid.days + 1, 3))
    return Figure("features", "s", [time.monotonic() - began_s], f"of every third day: {how}")


def _beside_tsfresh(bench: Bench) -> Figure | Absent:
    """The same assets and moments; tsfresh gets the readings of the last WINDOW_DAYS days, ours all before."""
    assets, days = bench.size(5, quick=2), 120
    history, origins = fleet(assets, days, every_h=1, seed=3), [90, 120]
    theirs, ours = [], []
    try:
        for _ in range(bench.size(3, quick=1)):
            found = extracted(history, origins, bench.folder)
            theirs.append(found["windows"] / found["took_s"])
            began_s = time.process_time()
            grid = daily_grids(history, anchor=START + days * DAY)["pump"]
            layout = learn_layout(history, grid, origin=grid.days)
            features = compute_features(history, grid, layout, np.array(origins))
            ours.append(assets * len(origins) / (time.process_time() - began_s))
    except NotMeasuredError as exc:
        return Absent("features beside tsfresh", str(exc))
    count = len(features.names) + len(features.own_names)
    how = (
        f"{assets * len(origins)} windows (asset and moment) of {POINTS} points a second of CPU: ours, from hourly"
        f" readings of all {days} days to {count} features; tsfresh's efficient set, {found['features']:.0f} features"
        f" from the last {WINDOW_DAYS} days of hourly readings, one process"
    )
    goal = Goal("ratio", least=50)
    return Figure("features beside tsfresh", "windows/CPU s", ours, how, f"tsfresh {VERSION}", theirs, goal=goal)


def _engines(bench: Bench) -> Iterator[Figure | Absent]:
    """A backtest of several origins in this process, and by one worker and two."""
    history = fleet(bench.size(200, quick=20), bench.size(360, quick=130), every_h=24, seed=4)
    start = START + bench.size(150, quick=100) * DAY
    here, tickets = _backtest_s(history, start, Here())
    for workers in (1, 2):
        try:
            with dask_engine(workers=workers) as engine:
                took_s, same = _backtest_s(history, start, engine)
        except EngineUnavailableError as exc:
            yield Absent(f"backtest, dask, workers: {workers}", str(exc))
            continue
        how = "a backtest with a training every 30 days; start of the workers left out; reference: one process"
        more = {"same_tickets": same == tickets, "tickets": len(tickets)}
        yield Figure(f"backtest, dask, workers: {workers}", "s", [took_s], how, "here", [here], more=more)


def _backtest_s(history: History, start: datetime, engine: Engine) -> tuple[float, list[Ticket]]:
    began_s = time.monotonic()
    found = run_backtest(history, start=start, horizon=30 * DAY, lead=DAY, policy=Policy(), engine=engine)
    return time.monotonic() - began_s, found.tickets


def _scoring(model: Model, assets: int) -> Figure:
    """Scoring reads daily statistics, which a reading a day stands for."""
    history = fleet(assets, SCORED_DAYS, every_h=24, seed=2)
    began_s = time.monotonic()
    risks = model.predict(history, as_of=START + SCORED_DAYS * DAY)
    how = f"risks of {assets} assets from {SCORED_DAYS} days of daily values, {POINTS} points"
    goal = Goal("median", most=SCORED_MOST_S)
    return Figure("scoring", "s", [time.monotonic() - began_s], how, goal=goal, more={"risks": len(risks)})


def fleet(assets: int, days: int, *, every_h: int, seed: int) -> History:
    """Pumps of one model; the seal's wear moves the first point and ends in a corrective repair."""
    rng = np.random.default_rng(seed)
    names = [f"pump-{number:06}" for number in range(assets)]
    wear, failed = _wear(rng, assets, days)
    steps = days * 24 // every_h
    values = rng.normal(10, 1, (assets, steps, POINTS)).astype(np.float32)
    values[:, :, 0] += 8 * np.repeat(wear, 24 // every_h, axis=1) ** 2
    moments = pl.Series(
        [START + timedelta(hours=every_h * step) for step in range(steps)], dtype=pl.Datetime("us", "UTC")
    )
    readings = pl.DataFrame(
        {
            "asset_id": pl.Series(names).gather(np.repeat(np.arange(assets), steps)),
            "ts": moments.gather(np.tile(np.arange(steps), assets)),
            **{f"point_{n}": values[:, :, n].ravel().astype(np.float64) for n in range(POINTS)},
        }
    )
    return History(_assets(names), (readings,), empty(EVENTS), _repairs(names, failed), empty(COMPLAINTS)).tidy()


def _wear(rng: np.random.Generator, assets: int, days: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Wear [asset, day], 0 to 1, and (asset, day) of each failure."""
    wear, level = np.zeros((assets, days)), rng.uniform(0, 1, assets)
    failed: list[tuple[int, int]] = []
    for day in range(days):
        level += rng.uniform(0.5, 1.5, assets) / LIFE_DAYS
        over = np.flatnonzero(level >= 1)
        failed += [(int(asset), day) for asset in over]
        level[over] = 0.0
        wear[:, day] = level
    return wear, failed


def _assets(names: list[str]) -> pl.DataFrame:
    rows = [(name, "pump", "pump-a", date(2020, 1, 1)) for name in names]
    return pl.DataFrame(rows, schema=ASSETS, orient="row")


def _repairs(names: list[str], failed: list[tuple[int, int]]) -> pl.DataFrame:
    rows = [
        (names[asset], START + day * DAY, START + day * DAY + DAY / 4, "seal", "replace", "corrective", None, True)
        for asset, day in failed
    ]
    return pl.DataFrame(rows, schema=REPAIRS, orient="row")
