"""Shengtong LM3, a lift monitor: a status report, and faults by number. It clears each fault that it raised."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from anju_simulators.devices.vendor_json import Dialect, Field, Message, encode, nested

_FIELDS = (
    Field("trips", ("trips",), whole=True),
    Field("door_cycles", ("door", "cycles"), whole=True),
    Field("door_reopens", ("door", "reopens"), whole=True),
    Field("door_close_s", ("door", "close_ms"), 1000.0, whole=True),
    Field("door_motor_a", ("door", "motor_ma"), 1000.0, whole=True),
    Field("levelling_error_mm", ("lvl_mm",)),
    Field("brake_release_ms", ("brake_ms",), whole=True),
    Field("vibration_mm_s", ("vib",)),
    Field("motor_temp_c", ("temp", "motor")),
    Field("drive_temp_c", ("temp", "drive")),
    Field("supply_v", ("u",)),
    Field("controller_resets", ("resets",), whole=True),
)

FAULT_NUMBERS = {
    "lift.overtravel_top": 1,
    "lift.overtravel_pit": 2,
    "lift.overspeed": 3,
    "lift.door_open_running": 4,
    "lift.running_door_open": 5,
    "lift.stop_outside_zone": 6,
    "lift.trapped_level": 7,
    "lift.trapped_off_level": 8,
    "lift.door_close_fault": 12,
    "lift.user_alarm": 21,
    "lift.unintended_movement": 101,
    "lift.door_open_fault": 102,
    "lift.mains_lost": 103,
    "lift.door_cycling": 104,
    "lift.ebike_in_car": 105,
    "lift.tilt": 106,
    "lift.vibration": 107,
    "lift.start_failure": 108,
    "lift.position_lost": 109,
    "lift.drive_temperature": 110,
    "lift.controller_fault": 111,
    "lift.relevelling": 112,
    "lift.out_of_service": 113,
}
"""The numbers that several vendors share, then (from 101) what monitors of the JTC type add."""
_BRIEF = timedelta(seconds=1)
"""How long a fault lasts that is over at once."""


def _report(serial: str, values: Mapping[str, float], at: datetime) -> Message:
    return Message(f"liftmon/{serial}/status", encode({"sn": serial, "ts": _ms(at), "d": nested(_FIELDS, values)}))


def _event(serial: str, code: str, state: str, at: datetime) -> list[Message]:
    number = FAULT_NUMBERS.get(code)
    if number is None:
        return []
    if state == "momentary":
        return [_fault(serial, number, at - _BRIEF, on=True), _fault(serial, number, at, on=False)]
    return [_fault(serial, number, at, on=state == "raise")]


def _fault(serial: str, number: int, at: datetime, *, on: bool) -> Message:
    return Message(f"liftmon/{serial}/fault", encode({"sn": serial, "ts": _ms(at), "code": number, "on": on}))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


SHENGTONG_LM3 = Dialect("LM{:04d}", _FIELDS, _report, _event)
