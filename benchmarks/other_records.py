"""What people and controllers of the other fleet wrote down: events, repairs, complaints; and the truth beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from benchmarks.other_kinds import Machine
from benchmarks.other_wear import Floats, Life

TIME: Final = pl.Datetime("us", "UTC")
WRONG_PART: Final = 0.06
"""Share of repairs that the book puts on another part."""
TABLES: Final[dict[str, dict[str, pl.DataType | type[pl.DataType]]]] = {
    "events": {"asset_id": pl.String, "ts": TIME, "code": pl.String, "severity": pl.String, "state": pl.String},
    "repairs": {
        "asset_id": pl.String,
        "opened_at": TIME,
        "closed_at": TIME,
        "component": pl.String,
        "action": pl.String,
        "cause": pl.String,
        "fault_code": pl.String,
        "fault_found": pl.Boolean,
    },
    "complaints": {"asset_id": pl.String, "ts": TIME, "category": pl.String},
    "truth": {
        "asset_id": pl.String,
        "component": pl.String,
        "began_at": TIME,
        "detectable_from": TIME,
        "ended_at": TIME,
        "mode": pl.String,
    },
}


class Book:
    """Rows of every table, times given in days since the start; what lies after the last day is not written."""

    def __init__(self, start: datetime, days: int) -> None:
        self._start = start
        self.days = days
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}

    def moment(self, day: float) -> datetime:
        return self._start + timedelta(seconds=round(day * 86_400))

    def event(self, asset_id: str, day: float, code: str, severity: str) -> None:
        if 0 <= day < self.days:
            self._rows["events"].append((asset_id, self.moment(day), code, severity, "momentary"))

    def complaint(self, asset_id: str, day: float, category: str) -> None:
        if 0 <= day < self.days:
            self._rows["complaints"].append((asset_id, self.moment(day), category))

    def repair(self, asset_id: str, opened: float, closed: float, *rest: str | bool | None) -> None:
        """`rest`: component, action, cause, fault_code, fault_found."""
        if 0 <= opened < self.days:
            known = self.moment(closed) if closed < self.days else None
            self._rows["repairs"].append((asset_id, self.moment(opened), known, *rest))

    def life(self, asset_id: str, life: Life) -> None:
        shows = life.shows_from()
        ended = self.moment(life.ended) if life.failed or life.renewed else None
        seen = None if shows is None else self.moment(shows)
        self._rows["truth"].append((asset_id, life.part.name, self.moment(life.began), seen, ended, life.mode))

    def table(self, name: str) -> pl.DataFrame:
        frame = pl.DataFrame(self._rows[name], schema=TABLES[name], orient="row")
        return frame.sort(frame.columns[:3], nulls_last=True)


@dataclass(frozen=True)
class Diary:
    """Where the records of one machine go, and the chance behind them."""

    book: Book
    asset_id: str
    machine: Machine
    rng: np.random.Generator


def write_down(diary: Diary, own: list[Life], visits: Floats) -> None:
    """Everything that the lives of the machine's parts, its rounds and chance leave in the books."""
    book, asset_id, machine, rng = diary.book, diary.asset_id, diary.machine, diary.rng
    for life in own:
        book.life(asset_id, life)
        _codes(diary, life)
        if life.failed:
            _failure(diary, life)
        elif life.renewed:
            book.repair(
                asset_id,
                life.ended,
                life.closed,
                life.part.name,
                life.action,
                "preventive",
                life.part.code or None,
                True,
            )
    names = [part.name for part in machine.parts]
    for day in visits:
        book.repair(asset_id, day, day + 0.1, str(rng.choice(names)), "inspect", "preventive", None, False)
    _chance(diary)


def _codes(diary: Diary, life: Life) -> None:
    """Events of wear, and grumbling before the failure."""
    book, asset_id, rng = diary.book, diary.asset_id, diary.rng
    first, last = max(int(life.began) + 1, 0), int(life.ended)
    worn = life.symptom(24 * np.arange(first, last, dtype=np.float64))
    for day, count in zip(range(first, last), rng.poisson(life.part.codes_a_day * worn), strict=True):
        for moment in day + rng.random(count if life.part.code else 0):
            book.event(asset_id, float(moment), life.part.code, "major" if rng.random() < 0.3 else "minor")
    for index in np.flatnonzero(rng.random(len(worn)) < 0.02 * life.part.noticed * worn):
        book.complaint(asset_id, first + float(index) + float(rng.random()), "works badly")


def _failure(diary: Diary, life: Life) -> None:
    """The repair opens some hours after the failure, at the complaint where there is one."""
    book, asset_id, machine, rng = diary.book, diary.asset_id, diary.machine, diary.rng
    opened = min(life.ended + float(rng.exponential(0.3)), life.closed - 0.02)
    if rng.random() < life.part.noticed:
        book.complaint(asset_id, opened, "out of order")
    if rng.random() < 0.3:
        book.event(asset_id, life.ended, machine.stopped, "critical")
    names = [part.name for part in machine.parts]
    name = str(rng.choice(names)) if rng.random() < WRONG_PART else life.part.name
    code = life.part.code if life.part.code and rng.random() < 0.5 else None
    book.repair(asset_id, opened, life.closed, name, life.action, "corrective", code, True)


def _chance(diary: Diary) -> None:
    """Codes that mean nothing, complaints about nothing, visits that find nothing."""
    book, asset_id, machine, rng = diary.book, diary.asset_id, diary.machine, diary.rng
    for code, a_day in machine.chatter:
        for moment in rng.uniform(0, book.days, rng.poisson(a_day * book.days)):
            book.event(asset_id, float(moment), code, "minor")
    names = [part.name for part in machine.parts]
    for moment in rng.uniform(0, book.days, rng.poisson(book.days / 400)):
        book.complaint(asset_id, float(moment), "other")
        if rng.random() < 0.5:
            opened = float(moment) + 0.2
            book.repair(asset_id, opened, opened + 0.1, str(rng.choice(names)), "inspect", "corrective", None, False)
