"""A small fleet of pumps and gates under invented names: wear that shows, wear that doesn't, look-alike noise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.model import Model, train
from anju_ml.policy import Policy

START = datetime(2023, 1, 1, tzinfo=UTC)


@dataclass
class Fleet:
    """Each pump has a `seal` whose wear raises `leak_ml` and brings code P7; each pump's `fan` fails at random.
    Each gate's `hinge` slows `swing_s`. Wear ends in a failure after roughly `life_days`."""

    pumps: int = 30
    gates: int = 20
    days: int = 300
    life_days: float = 90.0
    every_h: int = 6
    seed: int = 1
    start: datetime = START
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in ("e", "r", "c")})

    def build(self) -> History:
        rng = np.random.default_rng(self.seed)
        frames = [self._pump(rng, f"pump-{i:02}") for i in range(self.pumps)]
        gates = [self._gate(rng, f"gate-{i:02}") for i in range(self.gates)]
        names = [(f"pump-{i:02}", "pump") for i in range(self.pumps)]
        names += [(f"gate-{i:02}", "gate") for i in range(self.gates)]
        assets = pl.DataFrame(
            [
                {"asset_id": n, "kind": kind, "model": f"{kind}-a", "installed_on": date(2020, 1, 1)}
                for n, kind in names
            ],
            schema=ASSETS,
        )
        return History(
            assets=assets,
            readings=tuple(pl.concat(found) for found in (frames, gates) if found),
            events=pl.DataFrame(self.rows["e"], schema=EVENTS) if self.rows["e"] else empty(EVENTS),
            repairs=pl.DataFrame(self.rows["r"], schema=REPAIRS) if self.rows["r"] else empty(REPAIRS),
            complaints=pl.DataFrame(self.rows["c"], schema=COMPLAINTS) if self.rows["c"] else empty(COMPLAINTS),
        ).tidy()

    def _life(self, rng: np.random.Generator, name: str, component: str) -> tuple[np.ndarray, list[float]]:
        """Wear from 0 to 1 at each step, and the days on which it ended in a failure."""
        steps = self.days * 24 // self.every_h
        wear, failures = np.zeros(steps), []
        level, rate = rng.uniform(0, 0.7), 1 / (self.life_days * rng.uniform(0.6, 1.5))
        for step in range(steps):
            level += rate * self.every_h / 24
            if level >= 1:
                day = step * self.every_h / 24
                failures.append(day)
                self._repair(name, component, day, rng)
                level, rate = 0.0, 1 / (self.life_days * rng.uniform(0.6, 1.5))
            wear[step] = level
        return wear, failures

    def _repair(self, name: str, component: str, day: float, rng: np.random.Generator) -> None:
        at = self.start + timedelta(days=day)
        self.rows["r"].append(
            {
                "asset_id": name,
                "opened_at": at,
                "closed_at": at + timedelta(hours=float(rng.uniform(2, 20))),
                "component": component,
                "action": "replace",
                "cause": "corrective",
                "fault_code": None,
                "fault_found": True,
            }
        )
        if rng.random() < 0.6:
            self.rows["c"].append({"asset_id": name, "ts": at + timedelta(hours=1), "category": "broken"})

    def _times(self) -> list[datetime]:
        return [self.start + timedelta(hours=self.every_h * k) for k in range(self.days * 24 // self.every_h)]

    def _pump(self, rng: np.random.Generator, name: str) -> pl.DataFrame:
        wear, _ = self._life(rng, name, "seal")
        for day in np.flatnonzero(rng.random(self.days) < 1 / 200):
            self._repair(name, "fan", float(day), rng)
        n = len(wear)
        for step in np.flatnonzero(rng.random(n) < 0.01 + 0.5 * wear**6):
            at = self.start + timedelta(hours=float(step * self.every_h))
            self.rows["e"].append({"asset_id": name, "ts": at, "code": "P7", "severity": "minor", "state": "momentary"})
        season = 5 * np.sin(np.arange(n) * self.every_h / 24 / 58)
        frame = pl.DataFrame(
            {
                "asset_id": [name] * n,
                "ts": self._times(),
                "leak_ml": rng.uniform(8, 12) + 8 * wear**3 + rng.normal(0, 0.6, n),
                "heat": 40 + season + rng.normal(0, 1, n),
                "strokes": np.cumsum(rng.poisson(30, n)).astype(float),
            }
        )
        return frame.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))

    def _gate(self, rng: np.random.Generator, name: str) -> pl.DataFrame:
        wear, _ = self._life(rng, name, "hinge")
        n = len(wear)
        frame = pl.DataFrame(
            {
                "asset_id": [name] * n,
                "ts": self._times(),
                "swing_s": rng.uniform(2, 4) * (1 + 0.5 * wear**2) + rng.normal(0, 0.1, n),
                "passes": np.cumsum(rng.poisson(50, n)).astype(float),
            }
        )
        return frame.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))


AS_OF = START + timedelta(days=220)
MONTH = timedelta(days=30)
LEAD = timedelta(hours=24)


@pytest.fixture(scope="session")
def make_fleet() -> Callable[..., Fleet]:
    return Fleet


@pytest.fixture(scope="session")
def fleet() -> History:
    return Fleet(pumps=18, gates=12, days=280, every_h=12).build()


@pytest.fixture(scope="session")
def as_of() -> datetime:
    return AS_OF


@pytest.fixture(scope="session")
def model(fleet: History) -> Model:
    return train(fleet, as_of=AS_OF, horizon=MONTH, lead=LEAD, policy=Policy())


@pytest.fixture
def write_folder(tmp_path: Path) -> Callable[[History], Path]:
    def write(history: History) -> Path:
        for name in ("assets", "events", "repairs", "complaints"):
            getattr(history, name).write_csv(tmp_path / f"{name}.csv")
        for index, frame in enumerate(history.readings):
            frame.write_csv(tmp_path / f"readings-{index}.csv")
        return tmp_path

    return write
