"""Scenarios and the simulation's own arithmetic."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from anju_contracts.codes import CODES
from anju_contracts.errors import ContractError
from anju_contracts.kinds import KINDS
from anju_simulators.fleet import fleet
from anju_simulators.hours import BLOCK, block_of, to_hours, to_moment, waking
from anju_simulators.kinds import PHYSICS
from anju_simulators.randomness import poisson, stream, wander
from anju_simulators.residents import drawn_use, expected_use
from anju_simulators.scenario import Scenario, ScenarioError, read_scenario, with_values
from anju_simulators.weather import day_types, temperature


def test_a_scenario_is_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('community = "lvyuan"\nlifts = 7\nfailures = 2\nstart = 2024-02-01T00:00:00Z\n')
    scenario = read_scenario(path)
    assert (scenario.community, scenario.lifts, scenario.failures) == ("lvyuan", 7, 2.0)
    assert scenario.start == datetime(2024, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"lifts": -1}, "field lifts: got -1, expected 0 or more"),
        ({"elevators": 3}, "field elevators: got 3, expected one of"),
        ({"seed": True}, "field seed: got True, expected int"),
        ({"start": datetime(2024, 1, 1, 0, 30, tzinfo=UTC)}, "expected a full hour"),
        ({"gaps": "none"}, "field gaps: got 'none', expected float"),
    ],
)
def test_a_wrong_scenario_says_which_field_and_what_would_be_right(values: dict[str, object], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        with_values(Scenario(), values)


def test_a_community_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="community"):
        with_values(Scenario(), {"community": "no name"})
    broken = tmp_path / "s.toml"
    broken.write_text("lifts = = 1")
    with pytest.raises(ScenarioError, match="no TOML"):
        read_scenario(broken)


def test_assets_have_names_models_and_places() -> None:
    specs = fleet(Scenario(lifts=40, doors=1, electric_meters=1, water_meters=1))
    assert [spec.asset_id for spec in specs[:2]] == ["lift-01", "lift-02"]
    assert [spec.asset_id for spec in specs[-3:]] == ["door-01", "em-001", "wm-001"]
    assert {spec.model for spec in specs if spec.kind == "lift"} == {"shengtong-lm3", "hengan-lm10"}
    assert all(spec.installed_on < Scenario().start.date() for spec in specs)


def test_the_tables_name_only_what_the_contracts_know() -> None:
    for kind in PHYSICS.values():
        known = {component.name for component in KINDS[kind.name].components}
        points = {gauge.name for gauge in kind.gauges} | {counter.name for counter in kind.counters}
        assert {component.name for component in kind.components} <= known
        assert {code.name for code in kind.codes} <= set(CODES)
        for component in kind.components:
            assert {symptom.point for symptom in component.symptoms} <= points
            assert {point for point, _ in component.fault.shifts} <= points
            assert {precursor.code for precursor in component.precursors} <= {code.name for code in kind.codes}
            assert component.fault.code in CODES
        for episode in kind.episodes:
            assert {point for point, _ in episode.shifts} <= points
            assert {code for code, _ in episode.rates} <= {code.name for code in kind.codes}
            assert set(episode.missing) <= points | {"*"}


def test_no_point_or_code_belongs_to_a_single_component_s_wear_alone() -> None:
    for kind in PHYSICS.values():
        for gauge in kind.gauges:
            assert gauge.noise_sd > 0
        for counter in kind.counters:
            assert counter.of or counter.per_use or counter.per_hour
        assert all(code.per_day > 0 for code in kind.codes)


def test_hours_and_moments_are_each_other_s_inverse() -> None:
    at = datetime(2024, 2, 29, 13, 45, 7, tzinfo=UTC)
    assert to_moment(to_hours(at)) == at
    assert block_of(to_hours(at)) == int(to_hours(at) // BLOCK)


def test_nobody_complains_in_the_small_hours() -> None:
    night = to_hours(datetime(2024, 5, 1, 19, 0, tzinfo=UTC))  # 03:00 local
    assert to_moment(waking(night, 0.0)) == datetime(2024, 5, 1, 22, 30, tzinfo=UTC)
    noon = to_hours(datetime(2024, 5, 1, 4, 0, tzinfo=UTC))
    assert waking(noon, 0.9) == noon


def test_poisson_counts_have_their_mean_and_grow_with_it() -> None:
    uniform = stream(1, "test").random(20_000)
    for mean in (0.05, 1.0, 7.0, 30.0):
        counts = poisson(uniform, np.full(20_000, mean))
        assert counts.mean() == pytest.approx(mean, rel=0.06)
        assert counts.var() == pytest.approx(mean, rel=0.08)
        assert (poisson(uniform, np.full(20_000, mean * 1.1)) >= counts).all()


def test_slow_noise_goes_on_smoothly_from_block_to_block() -> None:
    left, right = (wander(1, ("x",), block, 2, days=5, hours=BLOCK) for block in (10, 11))
    assert np.abs(right[:, 0] - left[:, -1]).max() < 0.05


def test_summers_are_warm_and_afternoons_warmer_than_nights() -> None:
    july, january = (block_of(to_hours(datetime(2024, month, 10, tzinfo=UTC))) for month in (7, 1))
    assert temperature(1, july).mean() > 24
    assert temperature(1, january).mean() < 10
    by_clock = temperature(1, july).reshape(-1, 24).mean(axis=0)
    assert by_clock[7] > by_clock[19] + 4  # 15:00 and 03:00 local


def test_spring_festival_is_a_holiday_and_a_plain_tuesday_isn_t() -> None:
    block = block_of(to_hours(datetime(2025, 1, 28, 4, tzinfo=UTC)))
    within = int(to_hours(datetime(2025, 1, 28, 4, tzinfo=UTC)) - block * BLOCK)
    assert day_types(block)[1][within] == 1.0
    plain = datetime(2025, 6, 10, 4, tzinfo=UTC)
    index = block_of(to_hours(plain))
    assert day_types(index)[0][int(to_hours(plain) - index * BLOCK)] == 0.0


def test_residents_use_lifts_morning_and_evening_and_hardly_at_night() -> None:
    kind = PHYSICS["lift"]
    expected = expected_use(kind, 1, 300, load=1.0)
    by_clock = expected.reshape(-1, 24).mean(axis=0)
    assert by_clock[23] > 6 * by_clock[19]  # 07:00 and 03:00 local
    assert expected.mean() == pytest.approx(1.0, abs=0.1)
    drawn = drawn_use(kind, 1, "lift-01", 300, expected)
    assert drawn.mean() == pytest.approx(1.0, abs=0.15)
    np.testing.assert_allclose(drawn * kind.use_per_day / 24, np.rint(drawn * kind.use_per_day / 24), atol=1e-9)


def test_heating_and_cooling_take_power() -> None:
    kind = PHYSICS["electric_meter"]
    months = {month: block_of(to_hours(datetime(2024, month, 12, tzinfo=UTC))) for month in (1, 4, 7)}
    use = {month: expected_use(kind, 1, block, load=1.0).mean() for month, block in months.items()}
    assert use[7] > use[4]
    assert use[1] > use[4]
