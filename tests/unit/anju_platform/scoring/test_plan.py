"""What an engineer is told of a foreseen failure, and where policy and advice come from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anju_contracts.kinds import KINDS
from anju_ml.decide import OpenTicket
from anju_ml.policy import Policy
from anju_ml.risk import Risk
from anju_platform.errors import ConfigurationError, Invalid
from anju_platform.scoring.advice import advice_for
from anju_platform.scoring.commands import parse_as_of
from anju_platform.scoring.models import KnownProblem
from anju_platform.scoring.plan import make_plan, priority_of, visit_by
from anju_platform.scoring.policy import load_policy
from anju_platform.tickets.models import Priority

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def risk(p_30d: float = 0.6, *, p_72h: float = 0.05, component: str = "drive", expected: float | None = None) -> Risk:
    return Risk(
        asset_id="jinxiu:lift-01",
        component=component,
        as_of=NOW,
        p_24h=p_72h / 3,
        p_72h=p_72h,
        p_7d=max(p_72h, p_30d / 4),
        p_30d=p_30d,
        low=0.1,
        high=0.9,
        expected_at=None if expected is None else NOW + expected * DAY,
        kind="lift",
    )


def decision(risk: Risk, *, safety: bool = False) -> OpenTicket:
    return OpenTicket(risk, risk.p_30d, 100.0, NOW + 30 * DAY, safety)


@pytest.mark.parametrize(
    ("expected", "visit"),
    [(12.0, 6 * DAY), (None, 10 * DAY), (0.1, timedelta(hours=4))],
)
def test_the_latest_sensible_visit_lies_well_before_the_expected_failure(
    expected: float | None, visit: timedelta
) -> None:
    assert visit_by(decision(risk(expected=expected))) == NOW + visit


def test_a_failure_that_is_near_is_high() -> None:
    assert priority_of(decision(risk(0.9, p_72h=0.6)), policy=Policy()) is Priority.HIGH
    assert priority_of(decision(risk()), policy=Policy()) is Priority.NORMAL
    assert priority_of(decision(risk(), safety=True), policy=Policy()) is Priority.HIGH


def test_a_problem_without_prediction_is_joined_and_not_opened() -> None:
    known = [KnownProblem("jinxiu:lift-01", "drive", None, foreseen=False)]
    plan = make_plan([risk()], known, policy=Policy(), as_of=NOW)
    assert (plan.opening, [one.risk.component for one in plan.joining]) == ([], ["drive"])


def test_a_problem_with_a_prediction_is_left_alone() -> None:
    known = [KnownProblem("jinxiu:lift-01", "drive", None, foreseen=True)]
    plan = make_plan([risk()], known, policy=Policy(), as_of=NOW)
    assert (plan.opening, plan.joining) == ([], [])


def test_the_last_closing_counts_for_the_cool_down() -> None:
    bar = Policy().bar("lift", "drive")
    known = [KnownProblem("jinxiu:lift-01", "drive", NOW - days * DAY, foreseen=True) for days in (40, 2, 20)]
    known.append(KnownProblem("jinxiu:lift-01", None, NOW - DAY, foreseen=False))
    assert make_plan([risk(bar + 0.02)], known, policy=Policy(), as_of=NOW).opening == []
    assert len(make_plan([risk(bar + 0.02)], known[:1], policy=Policy(), as_of=NOW).opening) == 1


def test_there_is_advice_for_every_part_that_anju_knows() -> None:
    for kind in KINDS.values():
        for part in kind.components:
            assert advice_for(kind.name, part.name) is not None
    assert advice_for("lift", "acme") is None


def test_a_policy_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("false_visit = 77.0\n")
    assert load_policy(str(path)).false_visit == 77.0
    assert load_policy("") == Policy()


def test_a_policy_that_cannot_be_read_or_makes_no_sense_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ANJU_POLICY: .*missing.toml can't be read"):
        load_policy(str(tmp_path / "missing.toml"))
    path = tmp_path / "policy.toml"
    path.write_text("false_visit = -1.0\n")
    with pytest.raises(ConfigurationError, match=r"ANJU_POLICY: .*false_visit"):
        load_policy(str(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("2026-03-01", NOW),
        ("2026-03-01T00:00:00Z", NOW),
        ("2026-03-01T08:00:00+08:00", NOW),
    ],
)
def test_as_of_is_a_moment_with_a_zone_or_a_date(text: str | None, expected: datetime | None) -> None:
    assert parse_as_of(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "2026-03-01T00:00:00"])
def test_as_of_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="--as-of"):
        parse_as_of(text)
