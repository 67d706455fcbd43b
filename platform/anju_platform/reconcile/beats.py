"""The reconciliation as a beat of the worker."""

from typing import Final

import psycopg

from anju_platform.beats import Beat
from anju_platform.config import Settings
from anju_platform.reconcile.check import EVERY_S, reconcile


def _reconcile(conn: psycopg.Connection, settings: Settings) -> None:
    reconcile(conn, now=settings.clock.now(), clock=settings.clock)


BEATS: Final = (Beat("reconcile", EVERY_S, _reconcile),)
