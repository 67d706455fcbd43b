"""A breach, a prediction and a complaint about the same thing meet in one ticket, in whatever order they come."""

from datetime import timedelta
from itertools import permutations

import pytest

from anju_platform.tickets.models import Finding, Origin, Priority, State

from .conftest import START, Community

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("order", list(permutations(("event", "prediction", "complaint"))))
def test_an_alarm_a_prediction_and_a_complaint_about_one_thing_meet_in_any_order(
    community: Community, order: tuple[str, ...]
) -> None:
    community.add("lift-01")
    community.live = True
    reports = {
        "event": lambda: community.happen("lift-01", "lift.overspeed", community.now - 2 * HOUR),
        "prediction": lambda: community.foresee("lift-01", "drive", community.now - 5 * HOUR),
        "complaint": lambda: community.complain("lift-01", "noise", community.now - HOUR),
    }
    for name in order:
        reports[name]()
    (ticket,) = community.tickets("lift-01")
    assert (ticket.component, ticket.priority) == ("drive", Priority.URGENT)
    assert ticket.expires_at is None
    assert "超速" in ticket.title_zh
    assert "drive: overspeed" in ticket.title_en
    community.check_rows_are_folds()
