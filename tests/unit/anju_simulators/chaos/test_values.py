"""What the devices of a chaos run say can be traced, and is read by the gateway's own profiles."""

import json
import struct
import tomllib

import pytest

from anju_simulators.chaos.community import community
from anju_simulators.chaos.values import METER_POINTS, POINTS_OF_A_METER, TYPICAL, answer, meter_profile, report
from anju_simulators.devices.dialects import DIALECTS


def test_no_answer_of_a_meter_has_a_value_that_another_has_and_floats_hold_all_of_them() -> None:
    answers = [value for number in range(10_000) for value in answer(number)]
    assert len(set(answers)) == len(answers) == 10_000 * POINTS_OF_A_METER
    assert struct.unpack(f"{len(answers)}f", struct.pack(f"{len(answers)}f", *answers)) == tuple(answers)


def test_the_profile_of_the_meters_names_every_value_once_and_in_one_read() -> None:
    profile = tomllib.loads(meter_profile("electric_meter"))
    assert [point["id"] for point in profile["point"]] == list(METER_POINTS)
    assert [point["address"] for point in profile["point"]] == list(range(0, 2 * POINTS_OF_A_METER, 2))


@pytest.mark.parametrize("model", sorted({place.model for place in community(200).wiring.monitors}))
def test_a_report_says_what_was_noted_and_counts_on(model: str) -> None:
    dialect = DIALECTS[model]
    first, second = report(dialect, 0), report(dialect, 1)
    assert set(first) == {field.point for field in dialect.fields}
    counters = set(first) - set(TYPICAL)
    assert counters
    assert all(second[point] == first[point] + 1 for point in counters)
    assert dialect.shown(first) == pytest.approx(first)
    assert json.loads(json.dumps(first)) == first


def test_a_community_has_about_as_many_devices_as_were_asked_for() -> None:
    for count in (60, 200):
        wiring = community(count).wiring
        assert len(wiring.meters) + len(wiring.monitors) == count
