"""The challenger in the champion's shadow: what it takes to be promoted."""

from datetime import datetime, timedelta
from typing import Any

from anju_ml.contest import Contest
from anju_ml.policy import Policy
from anju_platform.scoring.challenge import LONGEST, settle, watch_challenger
from anju_platform.scoring.history import read_history
from anju_platform.scoring.models import StoredModel
from anju_platform.scoring.store import TrainedModel, add_model

from .conftest import DAY, NOW, TRAINED_AT, Platform

POLICY = Policy()


def enter(platform: Platform, data: bytes = b"x", *, as_of: datetime = TRAINED_AT) -> StoredModel:
    trained = TrainedModel(as_of, as_of, {"brier": 0.1}, data, opens_tickets=True, why_not="")
    with platform.pool.connection() as conn:
        return add_model(conn, trained)


def decide(platform: Platform, challenger: StoredModel, low: float, high: float, *, after: timedelta = 40 * DAY) -> Any:
    contest = Contest(40, 7, 9, (low + high) / 2, low, high)
    with platform.pool.connection() as conn:
        return settle(conn, challenger, contest, as_of=TRAINED_AT + after)


def watch(platform: Platform, *, as_of: datetime = NOW) -> dict[str, Any] | None:
    with platform.pool.connection() as conn:
        return watch_challenger(conn, read_history(conn, as_of=as_of), as_of=as_of, policy=POLICY)


def roles(platform: Platform) -> list[str]:
    return [row["role"] for row in platform.write("SELECT role FROM model ORDER BY id")]


def test_a_challenger_that_surely_earns_more_takes_the_champions_place(platform: Platform) -> None:
    _, challenger = enter(platform), enter(platform)
    assert roles(platform) == ["champion", "challenger"]
    told = decide(platform, challenger, 100, 900)
    assert (told["role"], told["why_not"]) == (
        "champion",
        "takes the champion's place: +500 CNY (100 to 900) in 40 days",
    )
    assert roles(platform) == ["retired", "champion"]
    (row,) = platform.write("SELECT why_not, metrics FROM model WHERE role = 'champion'")
    assert row["why_not"] == ""
    assert row["metrics"]["brier"] == 0.1
    assert row["metrics"]["contest"]["low"] == 100


def test_one_that_perhaps_earns_more_stays_in_the_shadow_and_one_day_gives_way(platform: Platform) -> None:
    _, challenger = enter(platform), enter(platform)
    told = decide(platform, challenger, -50, 900)
    assert told["why_not"] == "not better than the champion so far: +425 CNY (-50 to 900) in 40 days"
    assert roles(platform) == ["champion", "challenger"]
    assert decide(platform, challenger, -50, 900, after=LONGEST) is None
    assert roles(platform) == ["champion", "retired"]


def test_one_that_surely_earns_less_is_given_up_at_once(platform: Platform) -> None:
    _, challenger = enter(platform), enter(platform)
    assert decide(platform, challenger, -900, -100) is None
    assert roles(platform) == ["champion", "retired"]


def test_the_same_model_entered_twice_is_no_better_than_itself(platform: Platform, readable: bytes) -> None:
    for number in range(3):
        platform.add(f"jinxiu:pump-{number}", "pump")
    enter(platform, readable)
    enter(platform, readable)
    told = watch(platform)
    assert told is not None
    assert "+0 CNY (0 to 0) in 40 days" in told["why_not"]
    assert roles(platform) == ["champion", "challenger"]


def test_before_a_whole_horizon_has_passed_nothing_is_decided(platform: Platform, readable: bytes) -> None:
    enter(platform, readable)
    enter(platform, readable, as_of=NOW - 10 * DAY)
    told = watch(platform)
    assert told is not None
    assert told["why_not"] == "is watched until 2026-03-21T00:00:00Z"
    assert roles(platform) == ["champion", "challenger"]


def test_a_champion_of_an_older_format_retires_so_that_a_new_one_can_be_trained(platform: Platform) -> None:
    enter(platform, b"of an older format")
    assert watch(platform) is None
    (row,) = platform.write("SELECT role, why_not FROM model")
    assert row["role"] == "retired"
    assert "not a readable model" in row["why_not"]
