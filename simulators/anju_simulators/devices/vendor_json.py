"""What lift monitors and door controllers publish: each vendor's own JSON, topic and fault numbers.

Readings are mappings from Anju's point names to values; a point that is not there (a sensor that gives
nothing) is left out of the message, as the devices do.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from anju_contracts.clock import rfc3339


@dataclass(frozen=True, slots=True)
class Field:
    """Where a point stands in the message (`path` in nested objects), and by what it is multiplied there."""

    point: str
    path: tuple[str, ...]
    scale: float = 1.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes


_LIFT_FIELDS = (
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
_DOOR_FIELDS = (
    Field("openings", ("cnt", "open"), whole=True),
    Field("read_errors", ("cnt", "err"), whole=True),
    Field("lock_current_ma", ("lock", "ma"), whole=True),
    Field("unlock_ms", ("lock", "ms"), whole=True),
    Field("close_s", ("close_s",)),
    Field("battery_v", ("vbat",)),
    Field("supply_v", ("vin",)),
    Field("cabinet_temp_c", ("temp",)),
)
FIELDS_OF = {"lift": _LIFT_FIELDS, "door": _DOOR_FIELDS}

LIFT_FAULT_NUMBERS = {
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

DOOR_EVENT_NAMES = {
    "door.open_too_long": "HELD",
    "door.forced": "FORCED",
    "door.tamper": "TAMPER",
    "door.fault": "FAULT",
    "door.lock_retry": "LOCK_RETRY",
    "door.lock_fault": "LOCK_FAULT",
    "door.reader_error": "READ_ERROR",
    "door.reader_offline": "READER_OFFLINE",
    "door.battery_low": "BATTERY_LOW",
    "door.mains_lost": "MAINS_LOST",
}
_ACTIVE = {"raise": True, "clear": False, "momentary": None}


def published_points(kind: str, values: Mapping[str, float]) -> list[str]:
    """The points of `values` that a message of this kind of device carries."""
    return [field.point for field in FIELDS_OF[kind] if field.point in values]


def lift_status(serial: str, values: Mapping[str, float], *, at: datetime) -> Message:
    """A monitor's status report; its time is whole milliseconds since 1970."""
    body = {"sn": serial, "ts": epoch_ms(at), "d": _nested(_LIFT_FIELDS, values)}
    return Message(f"liftmon/{serial}/status", _encode(body))


def lift_fault(serial: str, code: str, state: str, *, at: datetime) -> Message | None:
    """A fault raised or cleared; None for what this monitor has no number for. A momentary one is only raised."""
    number = LIFT_FAULT_NUMBERS.get(code)
    if number is None:
        return None
    body = {"sn": serial, "ts": epoch_ms(at), "code": number, "on": state != "clear"}
    return Message(f"liftmon/{serial}/fault", _encode(body))


def door_report(controller: str, values: Mapping[str, float], *, at: datetime) -> Message:
    body = {"id": controller, "time": rfc3339(at), **_nested(_DOOR_FIELDS, values)}
    return Message(f"dc2/{controller}/report", _encode(body))


def door_event(controller: str, code: str, state: str, *, at: datetime) -> Message | None:
    """An event of a door; None for what this controller has no name for."""
    name = DOOR_EVENT_NAMES.get(code)
    if name is None:
        return None
    body = {"id": controller, "time": rfc3339(at), "event": name, "active": _ACTIVE[state]}
    return Message(f"dc2/{controller}/event", _encode(body))


def epoch_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _nested(fields: Iterable[Field], values: Mapping[str, float]) -> dict[str, object]:
    body: dict[str, object] = {}
    for field in fields:
        if field.point not in values:
            continue
        level = body
        for name in field.path[:-1]:
            level = level.setdefault(name, {})  # type: ignore[assignment]
        shown = values[field.point] * field.scale
        level[field.path[-1]] = round(shown) if field.whole else round(shown, 3)
    return body


def _encode(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
