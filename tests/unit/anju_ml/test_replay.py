from datetime import UTC, datetime, timedelta

import numpy as np

from anju_ml.dataset import Outcomes
from anju_ml.decide import OpenTicket
from anju_ml.replay import open_over_time
from anju_ml.risk import Risk
from anju_ml.walk import Desk

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = np.arange(0.0, 60.0)
RISK = Risk("lift-01", "brake", NOW, 0.1, 0.2, 0.3, 0.5, low=0.4, high=0.6, expected_at=None)


def opened_days(fails_on: float) -> list[float]:
    """When tickets open for an asset that is at 0.5 all the time where 0.4 is asked for, and fails on a day."""
    fails_in = np.where(fails_on > DAYS, fails_on - DAYS, np.inf)[None, :]
    found = Outcomes(
        fails_in, np.full((1, 60), 90.0), np.full((1, 60), np.inf), np.ones((1, 60), np.bool_), np.full(60, 90.0)
    )
    p = np.full((1, 60), 0.5)
    opened = open_over_time(p, found, DAYS, bar=0.4, horizon=20.0, cool_down=14.0, margin=0.15)
    return [float(DAYS[origin]) for origin in opened.origins]


def test_what_lapsed_is_opened_again_at_once_and_what_failed_cools_down() -> None:
    assert opened_days(fails_on=1_000.0) == [0.0, 20.0, 40.0]
    assert opened_days(fails_on=5.0) == [0.0, 19.0, 39.0, 59.0]


def test_the_desk_remembers_ends_by_failure_or_visit_and_not_those_by_time() -> None:
    problem, ticket = ("lift-01", "brake"), OpenTicket(RISK, 0.5, 100.0, NOW + 30 * DAY, safety=True)
    served, lapsed = Desk({problem: [NOW - DAY, NOW + 3 * DAY]}), Desk({problem: [NOW + 40 * DAY]})
    for desk in (served, lapsed):
        desk.open(ticket, NOW)
        desk.pass_to(NOW + 30 * DAY)
        assert not desk.open_until
    assert served.closed_at == {problem: NOW + 3 * DAY}
    assert not lapsed.closed_at
