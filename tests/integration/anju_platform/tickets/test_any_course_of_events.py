"""Whatever happens in whatever order: the row is the fold of its log, and a problem has one open ticket."""

import itertools
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anju_platform.errors import PlatformError
from anju_platform.tickets.jobs import open_held_alarms, sweep
from anju_platform.tickets.models import CloseReason, Finding, Ticket
from anju_platform.tickets.rules import evidence_of
from anju_platform.tickets.sameness import same_problem

from .conftest import START, Community

HOUR = timedelta(hours=1)
NUMBERS = itertools.count(1)
relaxed = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

one_problem = st.lists(
    st.tuples(
        st.sampled_from(["overspeed", "trapped", "stopped", "noise", "out_of_service", "foreseen"]), st.integers(0, 40)
    ),
    min_size=2,
    max_size=5,
    unique=True,
)


def tell(community: Community, asset: str, what: str, hour: int) -> None:
    at = START + hour * HOUR
    match what:
        case "overspeed":
            community.happen(asset, "lift.overspeed", at)
        case "trapped":
            community.happen(asset, "lift.trapped_level", at)
        case "foreseen":
            community.foresee(asset, "drive", at)
        case "stopped":
            community.happen(asset, "lift.out_of_service", at)
            open_held_alarms(community.context(at + 3 * HOUR))
        case _:
            community.complain(asset, what, at)


def sight(community: Community, ticket: Ticket) -> tuple[object, ...]:
    """What of a ticket must not depend on the order in which things were told."""
    evidence = evidence_of(community.story(ticket.id).entries)
    told = {(one.kind, one.label_en) for one in evidence}
    return ticket.component, ticket.priority, ticket.title_en.partition(":")[2], told


@relaxed
@given(reports=one_problem, order=st.randoms(use_true_random=False))
def test_reports_about_one_thing_make_the_same_one_ticket_in_any_order(
    community: Community, reports: Sequence[tuple[str, int]], order: object
) -> None:
    shuffled = list(reports)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    sights = []
    for told in (sorted(reports, key=lambda report: report[1]), shuffled):
        asset = f"lift-{next(NUMBERS)}"
        community.add(asset)
        for what, hour in told:
            tell(community, asset, what, hour)
        (ticket,) = community.tickets(asset)
        sights.append(sight(community, ticket))
        community.check_rows_are_folds(asset)
    assert sights[0] == sights[1]


course = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.sampled_from(["overspeed", "trapped", "noise", "door_problem", "foreseen"])),
        st.tuples(st.just("accept"), st.none()),
        st.tuples(st.just("resolve"), st.sampled_from(Finding)),
        st.tuples(st.just("close"), st.sampled_from([*CloseReason, None])),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 800])),
    ),
    max_size=14,
)


@relaxed
@given(steps=course)
def test_after_any_course_rows_are_folds_and_no_two_open_tickets_are_one_problem(
    community: Community, steps: Sequence[tuple[str, object]]
) -> None:
    asset = f"lift-{next(NUMBERS)}"
    community.add(asset)
    hour = 0
    for step, what in steps:
        hour += what if step == "wait" and isinstance(what, int) else 1
        community.now = START + hour * HOUR
        with suppress(PlatformError):
            take_step(community, asset, step, what, hour)
        still_open = [ticket for ticket in community.tickets(asset) if ticket.is_open]
        for one, other in itertools.combinations(still_open, 2):
            assert not same_problem(one.component, other.component)
    community.check_rows_are_folds(asset)


def take_step(community: Community, asset: str, step: str, what: object, hour: int) -> None:
    newest = max((ticket.id for ticket in community.tickets(asset)), default=0)
    match step, what:
        case "tell", str():
            tell(community, asset, what, hour)
        case "accept", _:
            community.accept(newest, community.now)
        case "resolve", Finding():
            community.resolve(newest, community.now, what, "controller" if what is Finding.OTHER_FAULT else None)
        case "close", CloseReason() | None:
            community.close(newest, what, community.now)
        case _:
            sweep(community.context(community.now))
