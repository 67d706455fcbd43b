"""Hengan LM10, a lift monitor that reports raw conditions: values by channel, alarms by abbreviation, in seconds.

Whoever reads it debounces: it says a condition again and again while it lasts.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from anju_simulators.devices.vendor_json import Dialect, Field, Message, encode

_FIELDS = (
    Field("trips", ("0",), whole=True),
    Field("door_cycles", ("1",), whole=True),
    Field("door_reopens", ("2",), whole=True),
    Field("door_close_s", ("3",)),
    Field("door_motor_a", ("4",)),
    Field("levelling_error_mm", ("5",)),
    Field("brake_release_ms", ("6",)),
    Field("vibration_mm_s", ("7",)),
    Field("motor_temp_c", ("8",), 10.0, whole=True),
    Field("drive_temp_c", ("9",), 10.0, whole=True),
    Field("supply_v", ("10",)),
    Field("controller_resets", ("11",), whole=True),
)
"""Channels by number; temperatures are tenths of a degree."""

ALARM_TYPES = {
    "lift.overtravel_top": "CDC",
    "lift.overtravel_pit": "DDC",
    "lift.overspeed": "CS",
    "lift.door_open_running": "YXKM",
    "lift.running_door_open": "KMZC",
    "lift.stop_outside_zone": "MQW",
    "lift.trapped_level": "KRPC",
    "lift.trapped_off_level": "KRFP",
    "lift.door_close_fault": "GMGZ",
    "lift.door_open_fault": "KMGZ",
    "lift.door_cycling": "FFKM",
    "lift.user_alarm": "YHBJ",
    "lift.mains_lost": "TD",
    "lift.ebike_in_car": "DDCJ",
    "lift.tilt": "QX",
    "lift.vibration": "ZD",
    "lift.start_failure": "QDSB",
    "lift.position_lost": "WZDS",
    "lift.drive_temperature": "BPGR",
    "lift.controller_fault": "KZGZ",
    "lift.out_of_service": "TT",
}
_TIMES_SAID = {"lift.overspeed": 6, "lift.door_cycling": 3}
"""How often a condition is sampled within seconds before it is one."""
_EVERY = timedelta(seconds=1)


def _report(serial: str, values: Mapping[str, float], at: datetime) -> Message:
    channels = [{"v": field.shown(values[field.point]) if field.point in values else None} for field in _FIELDS]
    return Message("hengan/lift/up", encode({"dev": _device(serial, at), "ch": channels}))


def _event(serial: str, code: str, state: str, at: datetime) -> list[Message]:
    kind = ALARM_TYPES.get(code)
    if kind is None:
        return []
    times = _TIMES_SAID.get(code, 1)
    said = [_alarm(serial, kind, at - _EVERY * before, active=True) for before in range(times, 0, -1)]
    over = [_alarm(serial, kind, at, active=False)]
    return {"raise": said, "clear": over, "momentary": said + over}[state]


def _alarm(serial: str, kind: str, at: datetime, *, active: bool) -> Message:
    body = {"dev": _device(serial, at), "alm": {"type": kind, "set": int(active)}}
    return Message("hengan/lift/alarm", encode(body))


def _device(serial: str, at: datetime) -> dict[str, object]:
    return {"id": serial, "t": at.timestamp()}


HENGAN_LM10 = Dialect("HA{:04d}", _FIELDS, _report, _event)
