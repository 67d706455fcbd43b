"""The hidden truth of a world, for evaluation alone."""

import csv
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from anju_contracts.clock import rfc3339
from anju_simulators.hours import to_moment
from anju_simulators.physics.life import RUNNING, WEAR, Life
from anju_simulators.records import LifeTruth
from anju_simulators.timeline import Timeline


def lives_of(line: Timeline) -> list[LifeTruth]:
    """Every life of an asset's components; what would have happened untouched is worked out from use and weather."""
    return [_life(line, row, life) for row, of_component in enumerate(line.lives) for life in of_component]


def _life(line: Timeline, row: int, life: Life) -> LifeTruth:
    def moment(exposure: float) -> datetime:
        return to_moment(line.exposure.moment(row, exposure))

    wears = life.mode == WEAR
    return LifeTruth(
        line.spec.asset_id,
        life.component.name,
        life.number,
        to_moment(life.began),
        moment(life.wears_from) if wears else None,
        moment(life.exposure_at_wear(life.component.detectable)) if wears else None,
        moment(life.fails_at_exposure),
        None if life.ended_by == RUNNING else to_moment(life.ended),
        life.ended_by,
        life.mode,
    )


def write_truth(path: Path, lives: Iterable[LifeTruth]) -> None:
    """A CSV file, one line a life; an empty cell where there is no such moment."""
    names = [field.name for field in fields(LifeTruth)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for life in lives:
            writer.writerow([_cell(getattr(life, name)) for name in names])


def _cell(value: object) -> object:
    return rfc3339(value) if isinstance(value, datetime) else value
