from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from anju_ml.arms import Call, Scale, price_arm, price_failures
from anju_ml.cells import TIME
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.metrics import Bootstrap, all_metrics, calibration, reliability
from anju_ml.policy import FailureCost, Policy
from anju_ml.score import Scored, score_tickets
from anju_ml.truth import TRUTH
from anju_ml.walk import Predictions, Ticket

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Policy(costs={"": FailureCost(1000, 400, 0)}, effectiveness=0.5, false_visit=100)


def ticket(asset: str, day: float, component: str = "winch") -> Ticket:
    at = START + day * DAY
    return Ticket(asset, "crane", component, at, at + 30 * DAY, 0.7, ("because",))


def failures_of(*rows: tuple[str, str, float, float | None]) -> pl.DataFrame:
    """(asset, component, onset day, complaint day)"""
    return pl.DataFrame(
        [
            {
                "asset_id": asset,
                "component": component,
                "onset": START + day * DAY,
                "opened_at": START + day * DAY,
                "closed_at": START + (day + 0.5) * DAY,
                "fault_code": None,
                "complaint_at": None if said is None else START + said * DAY,
            }
            for asset, component, day, said in rows
        ],
        schema={
            "asset_id": pl.String,
            "component": pl.String,
            "onset": TIME,
            "opened_at": TIME,
            "closed_at": TIME,
            "fault_code": pl.String,
            "complaint_at": TIME,
        },
    )


HISTORY = History(
    assets=pl.DataFrame(
        {"asset_id": ["a", "b", "c"], "kind": "crane", "model": "", "installed_on": date(2020, 1, 1)}, ASSETS
    ),
    readings=(),
    events=empty(EVENTS),
    repairs=empty(REPAIRS),
    complaints=empty(COMPLAINTS),
)


def score(tickets: list[Ticket], failures: pl.DataFrame, truth: pl.DataFrame | None = None) -> Scored:
    return score_tickets(tickets, failures, HISTORY, start=START, end=START + 120 * DAY, policy=POLICY, truth=truth)


def test_a_hit_begins_after_the_lead_and_before_the_end_of_the_horizon() -> None:
    for day, hit in ((0.5, False), (1.0, True), (29.9, True), (30.0, False)):
        found = score([ticket("a", 5)], failures_of(("a", "winch", 5 + day, None)))
        assert found.tickets["hit"].to_list() == [hit]
        assert found.failures["hit"].to_list() == [hit]


def test_a_hit_may_be_another_component_and_a_component_hit_may_not() -> None:
    found = score([ticket("a", 5, "hook")], failures_of(("a", "winch", 9, None)))
    assert found.tickets.select("hit", "component_hit", "needed").row(0) == (True, False, False)


def test_needed_is_a_failure_of_the_component_within_60_days() -> None:
    found = score([ticket("a", 5), ticket("b", 5)], failures_of(("a", "winch", 60, None), ("b", "winch", 70, None)))
    assert found.tickets["needed"].to_list() == [True, False]
    assert found.tickets["hit"].to_list() == [False, False]


def test_with_a_truth_file_needed_is_what_a_crew_would_have_found() -> None:
    lives = pl.DataFrame(
        [
            {"asset_id": "a", "component": "winch", "began_at": START - DAY, "detectable_from": START + 6 * DAY},
            {"asset_id": "b", "component": "winch", "began_at": START - DAY, "detectable_from": START + 9 * DAY},
        ],
        schema={name: kind for name, kind in TRUTH.items() if name not in ("ended_at", "mode")},
    ).with_columns(pl.lit(None, dtype=TIME).alias("ended_at"), pl.lit("wear").alias("mode"))
    found = score([ticket("a", 5), ticket("b", 5)], failures_of(("a", "winch", 99, None)), lives)
    assert found.tickets["needed"].to_list() == [True, False]
    assert found.failures["mode"].to_list() == ["wear"]


def test_ahead_of_the_complaint_is_a_ticket_open_before_it() -> None:
    found = score(
        [ticket("a", 5), ticket("b", 5), ticket("c", 20)],
        failures_of(("a", "winch", 9, 10), ("b", "winch", 50, 50), ("c", "winch", 19, 19.5)),
    )
    assert found.failures["ahead"].to_list() == [True, False, False]


def test_a_ticket_whose_horizon_passes_the_end_is_settled_only_by_its_hit() -> None:
    found = score([ticket("a", 100), ticket("b", 100)], failures_of(("a", "winch", 110, None)))
    assert found.tickets["settled"].to_list() == [True, False]


def test_the_figures_of_a_small_case_are_counted_right() -> None:
    scored = score(
        [ticket("a", 5), ticket("b", 5), ticket("c", 10)],
        failures_of(("a", "winch", 15, 16), ("b", "hook", 12, None), ("c", "winch", 90, 91)),
    )
    found = all_metrics(scored, Bootstrap(["a", "b", "c"], seed=1))
    overall = found["overall"]
    assert overall["precision"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert overall["component_precision"]["value"] == pytest.approx(1 / 3, abs=1e-4)
    assert overall["recall"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert overall["before_complaint"] == {"value": 0.5, "low": 0.0, "high": 1.0, "of": 2}
    assert overall["lead_h_p50"]["value"] == pytest.approx(24 * (10 + 7) / 2)
    assert found["by_component"]["crane/hook"]["failures"] == 1
    assert found["by_cause"]["unknown"]["failures"] == 3
    assert overall["precision"]["low"] <= overall["precision"]["value"] <= overall["precision"]["high"]


def test_without_tickets_there_is_nothing_to_divide_by() -> None:
    found = all_metrics(score([], failures_of()), Bootstrap(["a", "b", "c"], seed=1))
    assert found["overall"]["precision"]["value"] is None
    assert found["overall"]["lead_h_p50"]["value"] is None


def priced(calls: list[Call], failures: pl.DataFrame, *, by_truth: bool = False) -> list[float]:
    told = score([], failures).failures
    if by_truth:
        told = told.with_columns(pl.col("onset").sub(pl.duration(days=10)).alias("detectable_from"))
    told = price_failures(told, HISTORY, POLICY)
    scale = Scale(POLICY, START + 120 * DAY, by_truth)
    return price_arm("x", calls, told, ["a", "b", "c"], scale).saving.tolist()


def test_a_visit_in_time_keeps_its_share_and_a_wrong_one_costs() -> None:
    failures = failures_of(("a", "winch", 20, None))
    call = Call("a", "winch", START + 10 * DAY)
    assert priced([call], failures) == [300.0, 0.0, 0.0]
    assert priced([call, Call("a", "winch", START + 12 * DAY)], failures) == [300.0, 0.0, 0.0]
    assert priced([Call("b", "winch", START)], failures) == [0.0, -100.0, 0.0]
    assert priced([Call("a", "hook", START + 10 * DAY)], failures) == [-100.0, 0.0, 0.0]
    assert priced([Call("a", None, START + 10 * DAY)], failures) == [300.0, 0.0, 0.0]
    assert priced([Call("a", "winch", START + 19.5 * DAY)], failures) == [0.0, 0.0, 0.0]
    assert priced([Call("b", "winch", START, needed=True)], failures) == [0.0, 0.0, 0.0]
    assert priced([Call("b", "winch", START + 100 * DAY)], failures) == [0.0, 0.0, 0.0]


def test_with_a_truth_file_wear_that_does_not_show_yet_cannot_be_prevented() -> None:
    failures = failures_of(("a", "winch", 40, None))
    assert priced([Call("a", "winch", START + 10 * DAY)], failures, by_truth=True) == [-100.0, 0.0, 0.0]
    assert priced([Call("a", "winch", START + 29 * DAY)], failures, by_truth=True) == [300.0, 0.0, 0.0]


def test_a_failure_that_trapped_someone_costs_more() -> None:
    event = {"asset_id": "a", "ts": START + 20 * DAY, "code": "lift.trapped_level", "severity": "critical"}
    history = History(**{**HISTORY.__dict__, "events": pl.DataFrame([{**event, "state": "raise"}], EVENTS)})
    told = price_failures(score([], failures_of(("a", "winch", 20, None))).failures, history, POLICY)
    assert told["cost"].to_list() == [6000.0]


def test_honest_probabilities_have_a_small_calibration_error() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(20_000)
    honest = reliability(p, (rng.random(20_000) < p).astype(float))
    boastful = reliability(np.sqrt(p), (rng.random(20_000) < p).astype(float))
    assert honest["ece"] < 0.02 < boastful["ece"]
    assert honest["brier"] < boastful["brier"]
    assert sum(row["rows"] for row in honest["table"]) == 20_000


def test_days_that_preventive_work_cut_off_are_no_survival_when_calibration_is_judged() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    days = [start + number * DAY for number in range(10)]
    told = Predictions("pump", "seal", ("p1", "p2", "p3"), days, [np.full((3, 10), 0.5, np.float32)])
    failures = pl.DataFrame({"asset_id": ["p1"], "component": ["seal"], "onset": [start + 20 * DAY]})
    work = {"component": ["seal", "seal"], "cause": ["preventive"] * 2, "action": ["replace", "inspect"]}
    repairs = pl.DataFrame(
        {"asset_id": ["p2", "p3"], "opened_at": [start + 15 * DAY] * 2, "fault_found": [None, False], **work},
        schema_overrides={"fault_found": pl.Boolean},
    )
    found = calibration([told], failures, repairs, end=start + 100 * DAY, horizon_days=30.0)
    assert found["rows"] == 20
    assert found["table"][0]["was"] == 0.5
