from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_ml.decide import Decision, OpenTicket, Watch, decide, probability_by
from anju_ml.errors import PolicyRefused
from anju_ml.policy import FailureCost, Policy, parse_policy
from anju_ml.risk import Risk

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
POLICY = Policy(costs={"": FailureCost(1000, 400, 2, 100)})
BAR = POLICY.bar("crane", "winch")


def risk(p: float, asset: str = "a", component: str = "winch", *, p_24h: float = 0.0, kind: str = "crane") -> Risk:
    return Risk(asset, component, AS_OF, p_24h, max(p_24h, p / 9), max(p_24h, p / 4), p, p, p, None, kind=kind)


def run(
    *risks: Risk,
    policy: Policy = POLICY,
    problems: tuple[tuple[str, str | None], ...] = (),
    closed: dict[tuple[str, str], datetime] | None = None,
) -> list[Decision]:
    return decide(risks, policy=policy, as_of=AS_OF, open_problems=problems, recently_closed=closed or {})


def test_a_ticket_opens_where_it_pays_and_is_believed() -> None:
    assert isinstance(run(risk(BAR + 0.01))[0], OpenTicket)
    assert run(risk(BAR - 0.01)) == [Watch(risk(BAR - 0.01), pytest.approx(BAR - 0.01), "probability")]
    assert run(risk(BAR / 3)) == []


def test_a_dear_failure_has_a_lower_bar_than_a_cheap_one() -> None:
    policy = Policy(costs={"crane/winch": FailureCost(5000, 1000), "crane": FailureCost(300, 100)})
    assert policy.bar("crane", "winch") < policy.bar("crane", "lamp")
    assert Policy(costs={"": FailureCost(100, 400, 0)}).bar("crane", "lamp") == 1.0


def test_a_higher_threshold_of_the_model_counts() -> None:
    assert isinstance(run(replace(risk(0.6), threshold=0.7))[0], Watch)


def test_a_problem_with_an_open_ticket_is_left_alone() -> None:
    assert run(risk(0.9), problems=(("a", "winch"),)) == []
    assert run(risk(0.9), problems=(("a", None),)) == []
    assert len(run(risk(0.9), problems=(("a", "hook"),))) == 1


@pytest.mark.parametrize("open_already", [True, False])
def test_beside_a_ticket_another_component_of_the_asset_has_to_be_far_clearer(open_already: bool) -> None:
    clear = (1 + BAR) / 2 + 0.01
    first = () if open_already else (risk(0.99, component="hook"),)
    problems = (("a", "hook"),) if open_already else ()
    found = run(*first, risk(clear - 0.02), problems=problems)
    assert found[-1] == Watch(risk(clear - 0.02), pytest.approx(clear - 0.02), "beside")
    assert all(isinstance(each, OpenTicket) for each in run(*first, risk(clear), problems=problems))
    assert isinstance(run(*first, risk(clear - 0.02, "b"), problems=problems)[-1], OpenTicket)


def test_what_is_relevant_to_safety_is_never_left_for_another_ticket() -> None:
    policy = replace(POLICY, safety=frozenset({"crane/hook"}))
    bar = policy.bar("crane", "hook")
    found = run(risk(0.6), risk(bar + 0.01, component="hook"), policy=policy)
    assert [(each.risk.component, type(each)) for each in found] == [("hook", OpenTicket), ("winch", Watch)]
    assert len(run(risk(bar + 0.01, component="hook"), policy=policy, problems=(("a", "winch"),))) == 1


def test_of_two_components_of_an_asset_the_more_probable_gets_the_ticket() -> None:
    found = run(risk(BAR + 0.05, component="hook"), risk(BAR + 0.07))
    assert [(each.risk.component, type(each)) for each in found] == [("winch", OpenTicket), ("hook", Watch)]


def test_a_share_of_borderline_tickets_is_held_out_for_a_while_and_the_rest_opened() -> None:
    policy = replace(POLICY, held_out_share=0.3)
    names = [f"crane-{number}" for number in range(400)]
    found = run(*(risk(BAR + 0.02, name) for name in names), policy=policy)
    held = {each.risk.asset_id for each in found if isinstance(each, Watch)}
    assert {each.why for each in found if isinstance(each, Watch)} == {"held_out"}
    assert 0.2 < len(held) / len(names) < 0.4
    tomorrow = [replace(risk(BAR + 0.02, name), as_of=AS_OF + timedelta(days=1)) for name in names]
    again = {each.risk.asset_id for each in run(*tomorrow, policy=policy) if isinstance(each, Watch)}
    assert again == held


def test_beside_a_ticket_that_is_held_out_the_next_component_gets_the_visit() -> None:
    policy = replace(POLICY, held_out_share=0.5)
    names = [f"crane-{number}" for number in range(40)]
    of = {name: run(risk(BAR + 0.05, name), risk(BAR + 0.02, name, "hook"), policy=policy) for name in names}
    why = {name: {each.risk.component: getattr(each, "why", "opened") for each in found} for name, found in of.items()}
    assert {"winch": "held_out", "hook": "opened"} in why.values()
    assert {"winch": "held_out", "hook": "beside"} not in why.values()


def test_what_is_clearly_due_or_relevant_to_safety_is_never_held_out() -> None:
    policy = replace(POLICY, held_out_share=1.0, safety=frozenset({"crane/hook"}))
    assert isinstance(run(risk(BAR + 0.2), policy=policy)[0], OpenTicket)
    safe = risk(policy.bar("crane", "hook") + 0.02, component="hook")
    assert isinstance(run(safe, policy=policy)[0], OpenTicket)
    assert isinstance(run(risk(BAR + 0.02), policy=policy)[0], Watch)


def test_after_a_closed_ticket_the_same_problem_must_look_clearly_worse() -> None:
    closed = {("a", "winch"): AS_OF - timedelta(days=2)}
    assert run(risk(BAR + 0.05), closed=closed) == [Watch(risk(BAR + 0.05), pytest.approx(BAR + 0.05), "cool_down")]
    assert isinstance(run(risk(BAR + 0.25), closed=closed)[0], OpenTicket)
    long_ago = {("a", "winch"): AS_OF - timedelta(days=20)}
    assert isinstance(run(risk(BAR + 0.05), closed=long_ago)[0], OpenTicket)


def test_what_will_fail_before_a_crew_can_come_is_watched() -> None:
    found = run(risk(0.9, p_24h=0.89))
    assert isinstance(found[0], Watch)
    assert found[0].why == "too_late"


def test_capacity_goes_to_safety_first_and_then_to_gain() -> None:
    policy = replace(POLICY, tickets_per_day=2, safety=frozenset({"crane/brake"}))
    found = run(risk(0.95, "a"), risk(0.97, "b"), risk(0.8, "c", "brake"), policy=policy)
    assert [each.risk.asset_id for each in found] == ["c", "b", "a"]
    assert isinstance(found[2], Watch)
    assert found[2].why == "capacity"


def test_a_ticket_expires_with_its_horizon() -> None:
    ticket = run(risk(0.9), policy=replace(POLICY, horizon=timedelta(days=10)))[0]
    assert isinstance(ticket, OpenTicket)
    assert ticket.expires_at == AS_OF + timedelta(days=10)
    assert ticket.probability < 0.9


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_never_decides_less(one: float, other: float) -> None:
    rank = {Watch: 1, OpenTicket: 2}
    low, high = (run(risk(p)) for p in sorted((one, other)))
    assert (rank[type(low[0])] if low else 0) <= (rank[type(high[0])] if high else 0)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 90), st.floats(0, 90))
def test_probability_never_falls_with_the_span(p: float, share: float, one: float, other: float) -> None:
    given_risk = risk(p, p_24h=p * share)
    short, long = (probability_by(given_risk, timedelta(days=days)) for days in sorted((one, other)))
    assert 0 <= short <= long + 1e-9
    assert long <= 1


def test_deciding_twice_gives_the_same_and_leaves_its_arguments_alone() -> None:
    closed = {("a", "winch"): AS_OF - timedelta(days=2)}
    risks = [risk(0.7), risk(0.6, "b")]
    assert run(*risks, closed=closed) == run(*risks, closed=closed)
    assert closed == {("a", "winch"): AS_OF - timedelta(days=2)}


def test_a_policy_file_overrides_what_it_names() -> None:
    policy = parse_policy('false_visit = 150\nsafety = ["door/lock"]\n[costs."lift/brake"]\nreactive = 5200\n')
    assert policy.false_visit == 150
    assert policy.is_safety("door", "lock")
    assert policy.is_safety("lift", "brake")
    assert policy.cost_of("lift", "brake").planned == pytest.approx(2080)
    assert policy.cost_of("lift", "door_operator").reactive == 1800
    assert Policy(costs={}).cost_of("crane", "winch").reactive == 1000


@pytest.mark.parametrize(
    "text",
    [
        "vist = 3",
        "visit = -1",
        "effectiveness = 1.5",
        "visit = [",
        "least_probability = 2",
        "trust = 1.5",
        "visit = nan",
        "false_visit = inf",
        "safety_factor = -1",
        "reopen_margin = -0.1",
        "tickets_per_day = -1",
        "cool_down_days = 1e12",
        "cool_down_days = nan",
        "[costs.lift]\nreactive = nan",
        "[costs.lift]\nreactive = -1",
    ],
)
def test_a_wrong_policy_field_is_refused(text: str) -> None:
    with pytest.raises(PolicyRefused):
        parse_policy(text)
