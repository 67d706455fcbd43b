"""Kaixin DC2, a door controller: a report, and events by name, some of which have no duration."""

import json
from collections.abc import Mapping
from datetime import datetime

from anju_contracts.clock import rfc3339
from anju_simulators.devices.vendor_json import Dialect, Field, Message, encode, nested

_FIELDS = (
    Field("openings", ("cnt", "open"), whole=True),
    Field("read_errors", ("cnt", "err"), whole=True),
    Field("lock_current_ma", ("lock", "ma"), whole=True),
    Field("unlock_ms", ("lock", "ms"), whole=True),
    Field("close_s", ("close_s",)),
    Field("battery_v", ("vbat",)),
    Field("supply_v", ("vin",)),
    Field("cabinet_temp_c", ("temp",)),
)

EVENT_NAMES = {
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


def _report(serial: str, values: Mapping[str, float], at: datetime) -> Message:
    body = {"id": serial, "time": rfc3339(at), **nested(_FIELDS, values)}
    return Message(f"dc2/{serial}/report", encode(body))


def _event(serial: str, code: str, state: str, at: datetime) -> list[Message]:
    name = EVENT_NAMES.get(code)
    if name is None:
        return []
    body = {"id": serial, "time": rfc3339(at), "event": name, "active": _ACTIVE[state]}
    return [Message(f"dc2/{serial}/event", encode(body))]


_LONGEST_S = 60


def command_topic(serial: str) -> str:
    """Where the controller of that serial number listens."""
    return f"dc2/{serial}/command"


def obey(command: Message) -> Message | None:
    """The controller's answer to a command on its topic; None for what it can't read."""
    serial = command.topic.split("/")[1]
    try:
        body = json.loads(command.payload)
        request, name = str(body["req"]), body["cmd"]
    except (ValueError, TypeError, KeyError):
        return None
    why = _objection(name, body.get("sec"))
    answer = {"id": serial, "req": request, "ok": why is None, **({"why": why} if why else {})}
    return Message(f"dc2/{serial}/answer", encode(answer))


def _objection(name: object, seconds: object) -> str | None:
    if name == "CLOSE":
        return None
    if name != "OPEN":
        return "UNKNOWN CMD"
    fits = isinstance(seconds, int) and 0 < seconds <= _LONGEST_S
    return None if fits else "BAD SEC"


KAIXIN_DC2 = Dialect("DC{:04d}", _FIELDS, _report, _event)
