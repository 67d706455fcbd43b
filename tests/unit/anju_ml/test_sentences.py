"""A reason is told only where it says something: a change, a stand apart from peers, more than usual."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from anju_ml.risk import Reason
from anju_ml.sentences import tell

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def told(
    source: str,
    *,
    counter: bool = False,
    scale: float = 1.0,
    point: tuple[float, float] = (0.0, 0.0),
    swing: tuple[float, float] = (0.0, 0.0),
    peers: list[float] | None = None,
    **features: float,
) -> Reason | None:
    """The reason of `source` for an asset whose `point` is (now, usual), beside `peers`, and which swings by `swing`
    (now, usual); `features` are counts by name, `_` for a space or colon."""
    values = {name.replace("__", ":").replace("_", " "): value for name, value in features.items()}
    alike = np.sort(np.array([point[0], *(peers or [])]))
    weeks = SimpleNamespace(
        medians=lambda series: tuple(np.array([each]) for each in (swing if series == "heat|swing" else point)),
        of_model=lambda series, _model: np.array([swing[0]]) if series == "heat|swing" else alike,
        at_usual_load=lambda _: False,
    )
    subject: Any = SimpleNamespace(
        layout=SimpleNamespace(
            gauges=() if counter else ("heat",),
            counters=("heat",) if counter else (),
            codes=("E7",),
            categories=("noise",),
            scales={"heat": scale, "heat|swing": 0.5},
        ),
        weeks=weeks,
        grid=SimpleNamespace(kind="pump", models=("A",), points=("heat",)),
        row=0,
        component="seal",
        feature=lambda name: values.get(name, float("nan")),
        window=lambda days: (NOW - timedelta(days=days), NOW),
    )
    return tell(subject, source)


def test_a_point_that_stands_where_it_always_did_amid_its_peers_is_no_reason() -> None:
    peers = [8.0, 9.0, 10.0, 11.0, 12.0, 13.0]
    assert told("heat", point=(10.0, 10.1), peers=peers) is None
    changed = told("heat", point=(12.5, 10.0), peers=peers)
    assert changed is not None
    assert changed.en == "heat 12.5 over 7 days, usually 10 (25 % above), above 5 of 6 peers"


def test_a_change_beyond_the_usual_spread_counts_however_large_the_value_is() -> None:
    assert told("heat", point=(642.3, 642.0)) is None
    moved = told("heat", point=(644.5, 642.0))
    assert moved is not None
    assert moved.en == "heat 644 over 7 days, usually 642"
    close = told("heat", point=(23.94, 23.88), scale=0.05)
    assert close is not None
    assert close.en == "heat 23.94 over 7 days, usually 23.88"
    fallen = told("heat", point=(-25.0, 10.0))
    assert fallen is not None
    assert fallen.en == "heat -25 over 7 days, usually 10"


def test_a_counter_is_told_by_what_it_rises_in_a_day() -> None:
    risen = told("heat", counter=True, point=(38.0, 4.0))
    assert risen is not None
    assert risen.en == "heat 38 a day over 7 days, usually 4 a day (10 times as much)"
    assert risen.zh == "heat近7天为38次/天，平时4次/天（现为10倍）"


def test_a_point_that_always_stood_apart_from_its_peers_is_told() -> None:
    apart = told("heat", point=(14.0, 14.0), peers=[8.0, 9.0, 10.0, 11.0, 12.0, 13.0])
    assert apart is not None
    assert apart.en.endswith("above all 6 peers")
    assert apart.zh.endswith("高于其余6台同型设备")
    assert told("heat", point=(0.0, 0.0), peers=[0.0] * 6) is None


def test_of_few_peers_one_in_three_stands_so_far_out_by_chance_and_is_no_reason() -> None:
    assert told("heat", point=(12.5, 12.5), peers=[9.0, 10.0, 11.0, 12.0, 13.0]) is None
    told_of_many = told("heat", point=(12.5, 12.5), peers=[*np.linspace(8, 12, 11), 13.0])
    assert told_of_many is not None
    assert told_of_many.en.endswith("above 11 of 12 peers")


def test_where_an_asset_stands_against_its_change_is_not_told() -> None:
    fallen = told("heat", point=(14.0, 16.0), peers=[8.0, 9.0, 10.0, 11.0, 12.0, 13.0])
    assert fallen is not None
    assert fallen.en == "heat 14 over 7 days, usually 16 (12 % below)"


def test_a_point_that_swings_more_at_the_same_level_is_told_by_its_swing() -> None:
    restless = told("heat", point=(45.0, 45.1), swing=(9.0, 3.0))
    assert restless is not None
    assert restless.en == "heat swings by 9 a day over 7 days, usually 3 a day (200 % above)"
    assert restless.zh == "heat近7天日内波动为9，平时3（高200%）"
    apart = told("heat", point=(14.0, 14.0), swing=(3.1, 3.0), peers=[8.0, 9.0, 10.0, 11.0, 12.0, 13.0])
    assert apart is not None
    assert apart.en.endswith("above all 6 peers")
    assert told("heat", point=(45.0, 45.0), swing=(2.0, 0.0)) is None
    warm = told("heat", point=(52.0, 45.0), swing=(4.0, 3.0))
    assert warm is not None
    assert warm.en.startswith("heat 52 over 7 days")


@pytest.mark.parametrize(
    ("week", "month", "quarter", "said"),
    [
        (0, 0, 0, None),
        (1, 4, 13, None),
        (1, 1, 1, "“E7” once in 7 days (1 in 30), none before"),
        (7, 9, 19, "“E7” 7 times in 7 days (9 in 30), usually 1.2 a week"),
        (0, 5, 7, "“E7” 5 times in 30 days (none in 7), usually 0.2 a week"),
    ],
)
def test_a_code_is_told_where_it_came_more_than_usual(week: int, month: int, quarter: int, said: str | None) -> None:
    found = told("E7", event_E7__7d=week, event_E7__30d=month, event_E7__90d=quarter)
    assert (found and found.en) == said


def test_an_asset_without_repairs_complaints_or_gaps_gives_no_reason_of_them() -> None:
    assert told("repairs", visits_corrective__90d=0) is None
    assert told("complaints", complaint_noise__30d=0) is None
    assert told("missing", missing__7d=0) is None
    repaired = told("repairs", visits_corrective__90d=1, own_corrective__since=41)
    assert repaired is not None
    assert repaired.en == "seal: last fault repaired 41 days ago; faults repaired once on this asset in 90 days"
