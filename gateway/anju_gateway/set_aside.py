"""A broken database is kept under another name, for whoever wants to look at it; the one kept before makes room."""

from datetime import datetime
from pathlib import Path

SUFFIXES = ("", "-wal", "-shm")


def set_aside(path: Path, *, now: datetime) -> Path | None:
    """The name under which the file and what belongs to it are kept now; None when there is no file."""
    if not path.exists():
        return None
    for old in path.parent.glob(f"{path.name}.corrupt-*"):
        old.unlink()
    kept = path.with_name(f"{path.name}.corrupt-{now:%Y%m%dT%H%M%S%fZ}")
    for suffix in SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


def remove(path: Path) -> None:
    """Delete a file, if it is there, and whatever belongs to it."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
