"""A new outbox file in the place of a broken one, which is set aside, with whatever can still be read of it."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from anju_gateway.outbox_file import Limits, OutboxFile
from anju_gateway.salvage import salvaged
from anju_gateway.set_aside import remove, set_aside


@dataclass(frozen=True, slots=True)
class Renewed:
    """`kept` is where the broken file is now (None: there was none any more); `carried` counts the samples and events
    that were read of it."""

    file: OutboxFile
    kept: Path | None
    carried: int

    def __str__(self) -> str:
        return f"{self.carried} carried over to epoch {self.file.epoch}; set aside as {self.kept and self.kept.name}"


def renew(
    path: Path,
    limits: Limits,
    *,
    now: datetime,
    alarms: Iterable[tuple[str, str]] = (),
    paused: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Renewed:
    """The new file takes the name only when it holds all that can be read of the broken one; until then, and where
    sqlite3.Error or OSError say that the disk takes nothing now, the broken one stays as it is, to be tried again.
    Nobody may hold the file while it changes its name, which happens in `paused`."""
    finish_renewal(path)
    new = _new(path)
    remove(new)
    try:
        carried = _carry_over(path, OutboxFile(new, limits, alarms=alarms))
        _check_alone(new)
    except (sqlite3.Error, OSError):
        remove(new)
        raise
    with paused():
        kept = set_aside(path, now=now)
        new.rename(path)
        return Renewed(OutboxFile(path, limits), kept, carried)


def finish_renewal(path: Path) -> None:
    """Where the name is free and a new file waits, a run ended between setting the old one aside and renaming the new
    one, which is complete. A leftover log of the old one would spoil it."""
    if not path.exists() and _new(path).exists():
        remove(path)
        _new(path).rename(path)


def _carry_over(path: Path, file: OutboxFile) -> int:
    with closing(file):
        if path.exists():
            file.adopt(salvaged(path))
        return sum(count.produced for count in file.counts.values())


def _check_alone(new: Path) -> None:
    """OSError where part of a closed file stands in its log still: one name at a time can be changed."""
    log = new.with_name(new.name + "-wal")
    if log.exists():
        raise OSError(f"{log.name} could not be written back")


def _new(path: Path) -> Path:
    return path.with_name(path.name + ".new")
