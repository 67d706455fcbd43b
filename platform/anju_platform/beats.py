"""Work that follows real time, however fast the deployment's clock runs: a thread and a connection of its own each."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

import psycopg
from prometheus_client import CollectorRegistry, Counter

from anju_platform.bootstrap import connect
from anju_platform.config import Settings
from anju_platform.errors import StorageUnavailable

_LAST_WORD_S: Final = 10.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beat:
    """`run` gets a connection in autocommit mode, and sees to it that two workers don't get in each other's way."""

    name: str
    every_s: float
    run: Callable[[psycopg.Connection, Settings], None]


@contextmanager
def beating(
    beats: Sequence[Beat], settings: Settings, *, stopping: Event, registry: CollectorRegistry
) -> Iterator[None]:
    """Every one of `beats` again and again, as long as the block runs and until `stopping` is set."""
    runs = Counter("anju_beat_runs", "Runs of what follows real time", ["beat", "outcome"], registry=registry)
    threads = [
        Thread(target=_beat, args=(beat, settings, stopping, runs), name=beat.name, daemon=True) for beat in beats
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(_LAST_WORD_S)


def _beat(beat: Beat, settings: Settings, stopping: Event, runs: Counter) -> None:
    while not stopping.is_set():
        try:
            with connect(settings, program=f"worker {beat.name}", autocommit=True) as conn:
                _repeat(beat, conn, settings, stopping, runs)
        except (StorageUnavailable, psycopg.Error) as exc:
            runs.labels(beat.name, "unavailable").inc()
            _log.warning("database unavailable", extra={"beat": beat.name, "reason": str(exc)})
        except Exception:
            runs.labels(beat.name, "failed").inc()
            _log.exception("beat failed", extra={"beat": beat.name})
        stopping.wait(beat.every_s)


def _repeat(beat: Beat, conn: psycopg.Connection, settings: Settings, stopping: Event, runs: Counter) -> None:
    while not stopping.is_set():
        beat.run(conn, settings)
        runs.labels(beat.name, "done").inc()
        stopping.wait(beat.every_s)
