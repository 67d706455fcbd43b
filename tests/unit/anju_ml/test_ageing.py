"""Ageing: estimates against processes that are known, and what they mean in money."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from anju_ml.ageing import AssetAgeing, assess_ageing
from anju_ml.errors import PolicyRefused, TooPoor
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.lifetimes import Lives, fit_weibull
from anju_ml.policy import FailureCost, Policy, Replacement, parse_policy
from anju_ml.repair_rate import fit_rates

START = datetime(2020, 1, 1, tzinfo=UTC)
AS_OF = START + timedelta(days=3 * 365.25)
POLICY = Policy(costs={"": FailureCost(1000, 400, 0.0, 0.0)}, replacements={"fan": Replacement(6000, 10, 8)})


def renewals(shape: float, scale: float, assets: int, days: float, seed: int = 0) -> Lives:
    """Lives of a stationary renewal process watched for `days`."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, bool, bool]] = []
    for _ in range(assets):
        at = -20 * scale
        while at < days:
            begun, at = at, at + scale * rng.weibull(shape)
            if at > 0:
                rows.append((min(at, days) - max(begun, 0.0), at <= days, begun > 0))
    watched, failed, known = zip(*rows, strict=True)
    return Lives(np.array(watched), np.array(failed), np.array(known))


def history(moments: dict[str, list[float]], *, installed: date | None = date(2018, 1, 1)) -> History:
    """Fans whose belt was replaced after failures on these days; a first and a last line frame the record."""
    rows = [
        {
            "asset_id": name,
            "opened_at": START + timedelta(days=day),
            "closed_at": START + timedelta(days=day, hours=4),
            "component": "belt",
            "action": "replace",
            "cause": "corrective",
            "fault_code": None,
            "fault_found": True,
        }
        for name, days in moments.items()
        for day in days
    ]
    frame = {**rows[0], "cause": "preventive", "fault_found": False, "action": "inspect", "component": "housing"}
    for at in (START, AS_OF - timedelta(days=1)):
        rows.append({**frame, "opened_at": at, "closed_at": at + timedelta(hours=1)})
    assets = [{"asset_id": name, "kind": "fan", "model": "", "installed_on": installed} for name in moments]
    return History(
        pl.DataFrame(assets, schema=ASSETS), (), empty(EVENTS), pl.DataFrame(rows, schema=REPAIRS), empty(COMPLAINTS)
    )


def growing(assets: int, growth: float, seed: int = 3) -> dict[str, list[float]]:
    """Failures at about one a year whose rate grows by `growth` (of its logarithm) a year."""
    rng = np.random.default_rng(seed)
    found = {}
    for number in range(assets):
        at = np.sort(rng.uniform(0, 3, rng.poisson(18)))
        kept = at[rng.random(len(at)) < np.exp(growth * (at - 3.0)) / 3.0]
        found[f"fan-{number:02}"] = [float(day) for day in kept * 365.25]
    return found


@pytest.mark.parametrize("shape", [1.0, 2.5])
def test_a_process_of_renewals_is_found_again_although_most_lives_were_met_in_their_middle(shape: float) -> None:
    found = fit_weibull(renewals(shape, 700.0, assets=400, days=365.0))
    assert found.shape == pytest.approx(shape, rel=0.2)
    assert found.scale == pytest.approx(700.0, rel=0.15)


def test_four_of_five_lives_end_within_the_interval() -> None:
    found = fit_weibull(renewals(2.0, 500.0, assets=300, days=1000.0))
    rng = np.random.default_rng(1)
    lives = 500.0 * rng.weibull(2.0, 4000)
    old = lives[lives > 300.0] - 300.0
    left = found.remaining(300.0, known=True)
    assert np.mean((old > left.low) & (old < left.high)) == pytest.approx(0.8, abs=0.05)
    assert np.mean(old < left.median) == pytest.approx(0.5, abs=0.06)


def test_an_older_part_has_less_left_and_a_frail_asset_less_again() -> None:
    found = fit_weibull(renewals(2.0, 500.0, assets=200, days=800.0))
    young, old = (found.remaining(days, known=True).median for days in (30.0, 400.0))
    assert old < young
    assert found.remaining(400.0, known=True, frailty=2.0).median < old


def test_without_a_single_failure_what_is_left_is_at_least_as_long_as_what_was_watched() -> None:
    lives = Lives(np.full(30, 365.0), np.zeros(30, np.bool_), np.zeros(30, np.bool_))
    assert fit_weibull(lives).remaining(365.0, known=False).median > 365.0


def test_trends_are_found_and_their_interval_covers_the_truth() -> None:
    moments = [np.array(days) / 365.25 for days in growing(60, 0.5).values()]
    rates = fit_rates(moments, 3.0)
    covered = np.mean([rate.growth_95[0] <= 0.5 <= rate.growth_95[1] for rate in rates])
    assert covered > 0.9
    assert np.mean([rate.growth for rate in rates]) == pytest.approx(0.5, abs=0.15)
    assert np.mean([rate.now for rate in rates]) == pytest.approx(2.0, rel=0.25)


def test_an_asset_without_failures_is_taken_for_a_good_one_of_its_kind_not_for_perfect() -> None:
    rates = fit_rates([np.array([0.5, 1.5, 2.5])] * 9 + [np.zeros(0)], 3.0)
    assert 0.2 < rates[-1].now < rates[0].now


def test_replacing_is_due_sooner_the_faster_repairs_grow() -> None:
    fast = _assessed(growing(20, 0.6))
    slow = _assessed(growing(20, 0.15))
    due = [
        sum(each.replace_at is not None and each.replace_at < date(2026, 1, 1) for each in rows)
        for rows in (fast, slow)
    ]
    assert due[0] > due[1]
    for each in fast:
        early, late = each.replace_between
        if each.replace_at is not None and late is not None:
            assert early is not None
            assert early <= each.replace_at <= late


def test_the_prescribed_time_of_use_ends_even_where_nothing_fails() -> None:
    row = _assessed({"fan-00": [30.0], "fan-01": []})[1]
    assert row.limit_at == date(2026, 1, 1)
    assert [year.year for year in row.budget if year.replacement] == [2026]


def test_the_budget_of_the_coming_year_is_what_the_rate_says() -> None:
    row = _assessed(growing(20, 0.0))[0]
    year = row.budget[1]
    assert year.repairs == pytest.approx(row.rate.expected(0.0, 1.0) * 1000.0, rel=0.5)
    assert len(row.budget) == 5


def test_a_frequency_that_does_not_grow_never_makes_replacing_cheaper() -> None:
    quiet = replace(POLICY, replacements={"fan": Replacement(60_000, 10)})
    rows = assess_ageing(history(growing(10, 0.0)), as_of=AS_OF, policy=quiet)
    assert all(row.replace_at is None or row.rate.growth > 0 for row in rows)
    assert all(row.limit_at is None for row in rows)


def test_a_record_of_a_few_weeks_is_too_poor() -> None:
    with pytest.raises(TooPoor, match="90 days"):
        assess_ageing(history({"fan-00": [3.0]}), as_of=START + timedelta(days=40), policy=POLICY)


def test_what_comes_later_changes_nothing() -> None:
    moments = growing(5, 0.2)
    early = START + timedelta(days=600)
    cut = {name: [day for day in days if day < 599] for name, days in moments.items()}
    assert assess_ageing(history(moments), as_of=early, policy=POLICY) == assess_ageing(
        history(cut), as_of=early, policy=POLICY
    )


def test_prices_of_replacements_come_from_the_policy_file() -> None:
    policy = parse_policy("[replacements.lift]\nprice = 300000\nlife_years = 20\n")
    assert policy.replacement_of("lift") == Replacement(300_000, 20, None)
    assert policy.replacement_of("water_meter") is not None
    with pytest.raises(PolicyRefused, match=r"replacements\.lift"):
        parse_policy("[replacements.lift]\nprice = 3\nlife_years = 0\n")


def _assessed(moments: dict[str, list[float]]) -> list[AssetAgeing]:
    return assess_ageing(history(moments), as_of=AS_OF, policy=POLICY)


def _due_before(day: date, rows: list[AssetAgeing]) -> int:
    return sum(row.replace_at is not None and row.replace_at < day for row in rows)
