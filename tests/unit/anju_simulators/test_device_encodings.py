"""Registers and vendor JSON, against the meter's manual and the vendors' own examples."""

import json
import struct
from datetime import UTC, datetime

import pytest

from anju_contracts.codes import CODES
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.devices.hengan import ALARM_TYPES
from anju_simulators.devices.kaixin import EVENT_NAMES
from anju_simulators.devices.registers import (
    SDM630,
    WM1,
    Refused,
    check_request,
    encode_registers,
    points_in,
    with_phases,
)
from anju_simulators.devices.shengtong import FAULT_NUMBERS
from anju_simulators.devices.vendor_json import Message

LM3, LM10, DC2 = DIALECTS["shengtong-lm3"], DIALECTS["hengan-lm10"], DIALECTS["kaixin-dc2"]
AT = datetime(2026, 3, 1, 8, 0, 0, 250_000, tzinfo=UTC)
METER = {
    "voltage_l1_v": 230.5,
    "voltage_l2_v": 231.5,
    "voltage_l3_v": 229.5,
    "current_l1_a": 1.5,
    "current_l2_a": 2.5,
    "current_l3_a": 3.5,
    "power_w": 1500.0,
    "import_kwh": 12345.0,
}


def floats(words: list[int]) -> list[float]:
    return list(struct.unpack(f">{len(words) // 2}f", struct.pack(f">{len(words)}H", *words)))


def test_an_sdm630_has_volts_amps_watts_and_energy_at_the_addresses_of_its_manual() -> None:
    values = with_phases(METER)
    assert floats(encode_registers(SDM630, values, 0, 12)) == [230.5, 231.5, 229.5, 1.5, 2.5, 3.5]
    assert floats(encode_registers(SDM630, values, 12, 6)) == pytest.approx([328.5, 549.8, 763.1], abs=0.1)
    assert floats(encode_registers(SDM630, values, 52, 2)) == [1500.0]
    assert floats(encode_registers(SDM630, values, 72, 4)) == [12345.0, 0.0]


def test_the_high_word_comes_first() -> None:
    assert encode_registers(SDM630, {"voltage_l1_v": 1.0}, 0, 2) == [0x3F80, 0x0000]


def test_a_water_meter_has_its_own_map() -> None:
    values = {"total_m3": 100.25, "flow_m3_h": 0.5, "battery_v": 3.5, "signal_dbm": -71.0}
    assert floats(encode_registers(WM1, values, 0, 8)) == [100.25, 0.5, 3.5, -71.0]


@pytest.mark.parametrize(
    ("function", "address", "count", "code"),
    [(3, 0, 2, 1), (4, 0, 3, 3), (4, 0, 0, 3), (4, 0, 82, 3), (4, 1, 2, 2), (4, 383, 2, 2), (4, 384, 2, 2)],
)
def test_a_request_that_the_meter_cannot_answer_gets_the_exception_of_the_real_one(
    function: int, address: int, count: int, code: int
) -> None:
    with pytest.raises(Refused) as refused:
        check_request(SDM630, function, address, count)
    assert refused.value.code == code


def test_the_longest_read_that_the_manual_allows_is_answered() -> None:
    check_request(SDM630, 4, 0, 80)
    assert len(encode_registers(SDM630, METER, 0, 80)) == 80


def test_a_read_hands_out_the_points_that_it_covers() -> None:
    assert points_in(SDM630, METER, 0, 6) == ["voltage_l1_v", "voltage_l2_v", "voltage_l3_v"]
    assert points_in(SDM630, METER, 52, 24) == ["power_w", "import_kwh"]


LIFT = {
    "trips": 100.0,
    "door_cycles": 210.0,
    "door_reopens": 3.0,
    "door_close_s": 2.41,
    "door_motor_a": 0.812,
    "levelling_error_mm": 3.1,
    "brake_release_ms": 210.0,
    "vibration_mm_s": 1.8,
    "motor_temp_c": 41.0,
    "drive_temp_c": 38.5,
    "supply_v": 221.3,
    "controller_resets": 0.0,
}


def bodies(messages: list[Message]) -> list[dict[str, object]]:
    return [json.loads(message.payload) for message in messages]


def test_an_lm3_reports_nested_values_in_milliseconds_and_milliamperes() -> None:
    message = LM3.report("LM0001", LIFT, AT)
    assert message.topic == "liftmon/LM0001/status"
    assert json.loads(message.payload) == {
        "sn": "LM0001",
        "ts": 1772352000250,
        "d": {
            "trips": 100,
            "door": {"cycles": 210, "reopens": 3, "close_ms": 2410, "motor_ma": 812},
            "lvl_mm": 3.1,
            "brake_ms": 210,
            "vib": 1.8,
            "temp": {"motor": 41.0, "drive": 38.5},
            "u": 221.3,
            "resets": 0,
        },
    }


def test_an_lm10_reports_channels_in_order_and_temperatures_in_tenths() -> None:
    message = LM10.report("HA0002", {**LIFT, "drive_temp_c": 38.54}, AT)
    assert message.topic == "hengan/lift/up"
    body = json.loads(message.payload)
    assert body["dev"] == {"id": "HA0002", "t": 1772352000.25}
    assert [channel["v"] for channel in body["ch"]] == [100, 210, 3, 2.41, 0.812, 3.1, 210.0, 1.8, 410, 385, 221.3, 0]


def test_a_dc2_reports_in_its_own_form() -> None:
    values = {
        "openings": 5.0,
        "read_errors": 1.0,
        "lock_current_ma": 420.0,
        "unlock_ms": 180.0,
        "close_s": 3.1,
        "battery_v": 13.2,
        "supply_v": 23.9,
        "cabinet_temp_c": 31.0,
    }
    message = DC2.report("DC0001", values, AT)
    assert message.topic == "dc2/DC0001/report"
    assert json.loads(message.payload) == {
        "id": "DC0001",
        "time": "2026-03-01T08:00:00.250000Z",
        "cnt": {"open": 5, "err": 1},
        "lock": {"ma": 420, "ms": 180},
        "close_s": 3.1,
        "vbat": 13.2,
        "vin": 23.9,
        "temp": 31.0,
    }


def test_what_a_report_says_is_what_is_logged_rounding_included() -> None:
    values = {**LIFT, "door_motor_a": 0.81249, "motor_temp_c": 41.26}
    assert LM3.shown(values) == {**LIFT, "door_motor_a": 0.812, "motor_temp_c": 41.26}
    assert LM10.shown(values) == {**LIFT, "door_motor_a": 0.812, "motor_temp_c": 41.3}


def test_a_sensor_that_gives_nothing_is_left_out_or_null_as_the_vendor_has_it() -> None:
    assert json.loads(LM3.report("LM0001", {"trips": 7.0}, AT).payload)["d"] == {"trips": 7}
    assert json.loads(LM10.report("HA0002", {"trips": 7.0}, AT).payload)["ch"][:2] == [{"v": 7}, {"v": None}]
    assert LM3.shown({"trips": 7.0}) == {"trips": 7.0}


def test_an_lm3_raises_and_clears_faults_by_number() -> None:
    raised = LM3.event("LM0001", "lift.door_close_fault", "raise", AT)
    assert bodies(raised) == [{"sn": "LM0001", "ts": 1772352000250, "code": 12, "on": True}]
    assert raised[0].topic == "liftmon/LM0001/fault"
    assert [body["on"] for body in bodies(LM3.event("LM0001", "lift.door_close_fault", "clear", AT))] == [False]


def test_an_lm3_clears_at_once_what_has_no_duration() -> None:
    brief = bodies(LM3.event("LM0001", "lift.user_alarm", "momentary", AT))
    assert [(body["code"], body["on"]) for body in brief] == [(21, True), (21, False)]


def test_an_lm10_says_overspeed_six_times_within_ten_seconds() -> None:
    said = bodies(LM10.event("HA0002", "lift.overspeed", "raise", AT))
    assert [body["alm"] for body in said] == [{"type": "CS", "set": 1}] * 6
    times = [body["dev"]["t"] for body in said]  # type: ignore[index]
    assert max(times) - min(times) < 10
    assert max(times) <= AT.timestamp()


@pytest.mark.parametrize(("state", "active"), [("raise", True), ("clear", False), ("momentary", None)])
def test_door_events_say_whether_they_hold_or_are_momentary(state: str, active: bool | None) -> None:
    assert bodies(DC2.event("DC0001", "door.lock_retry", state, AT)) == [
        {"id": "DC0001", "time": "2026-03-01T08:00:00.250000Z", "event": "LOCK_RETRY", "active": active}
    ]


def test_a_device_stays_silent_about_what_its_vendor_has_no_word_for() -> None:
    assert LM3.event("LM0001", "door.forced", "raise", AT) == []
    assert LM10.event("HA0002", "lift.relevelling", "raise", AT) == []
    assert DC2.event("DC0001", "lift.tilt", "raise", AT) == []


def test_every_vendor_code_stands_for_an_event_that_the_contracts_know() -> None:
    assert {*FAULT_NUMBERS, *EVENT_NAMES, *ALARM_TYPES} <= set(CODES)
    for table in (FAULT_NUMBERS, EVENT_NAMES, ALARM_TYPES):
        assert len(set(table.values())) == len(table)
