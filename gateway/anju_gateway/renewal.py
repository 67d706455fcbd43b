"""A new outbox file in the place of a broken one, which is set aside, with whatever can still be read of it."""

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from anju_gateway.outbox_file import Limits, OutboxFile
from anju_gateway.salvage import salvaged
from anju_gateway.set_aside import remove, set_aside

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Renewed:
    """`kept` is where the broken file is now (None: there was none any more); `carried` counts the samples and events
    that were read of it."""

    file: OutboxFile
    kept: Path | None
    carried: int

    def __str__(self) -> str:
        return f"{self.carried} carried over to epoch {self.file.epoch}; set aside as {self.kept and self.kept.name}"


def renew(path: Path, limits: Limits, *, now: datetime, alarms: Iterable[tuple[str, str]] = ()) -> Renewed:
    """sqlite3.Error or OSError when no new file can be made now; the broken one is set aside by then."""
    kept = set_aside(path, now=now)
    try:
        file = OutboxFile(path, limits, alarms=alarms)
    except (sqlite3.Error, OSError):
        remove(path)
        raise
    return Renewed(file, kept, _carry_over(kept, file) if kept is not None else 0)


def _carry_over(kept: Path, file: OutboxFile) -> int:
    """How much could be read. What can't be written now stays where it is."""
    try:
        file.adopt(salvaged(kept))
    except (sqlite3.Error, OSError):
        log.exception("not all of the old outbox could be carried over")
    return sum(count.produced for count in file.counts.values())
