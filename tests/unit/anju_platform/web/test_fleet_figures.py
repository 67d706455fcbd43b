from threading import Event

import psycopg
import pytest

from anju_platform.web.fleet_figures import FleetFigures

LONG_S = 30.0


def unreachable() -> bytes:
    raise psycopg.OperationalError("gone")


def broken() -> bytes:
    raise KeyError("a mistake of ours")


def test_figures_come_when_the_database_answers_and_again_after_it_did_not() -> None:
    figures = FleetFigures()
    assert figures.ask(lambda: b"1", within_s=LONG_S) == b"1"
    assert figures.ask(unreachable, within_s=LONG_S) is None
    assert figures.ask(lambda: b"2", within_s=LONG_S) == b"2"


def test_a_database_that_hangs_is_asked_once_and_nobody_waits_for_it() -> None:
    figures, goes_on = FleetFigures(), Event()
    asked: list[int] = []

    def hanging() -> bytes:
        asked.append(1)
        goes_on.wait(LONG_S)
        return b"late"

    assert figures.ask(hanging, within_s=0.01) is None
    assert figures.ask(hanging, within_s=0.01) is None
    goes_on.set()
    assert figures.ask(hanging, within_s=LONG_S) == b"late"
    assert asked == [1]


def test_a_mistake_is_no_unreachable_database() -> None:
    with pytest.raises(KeyError):
        FleetFigures().ask(broken, within_s=LONG_S)
