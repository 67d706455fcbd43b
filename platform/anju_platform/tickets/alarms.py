"""Which alarms open a ticket: the table in alarms.toml, and how it is read. Pure but for reading that file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from anju_contracts.codes import CODES, is_acute
from anju_platform.errors import ConfigurationError
from anju_platform.tickets.models import Priority


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`component` is what the alarm points at where that differs from what contracts say."""

    opens: bool = True
    hold_min: float = 30
    priority: Priority = Priority.NORMAL
    component: str | None = None

    @property
    def hold(self) -> timedelta:
        return timedelta(minutes=self.hold_min)


class _AlarmFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    too_old_h: float
    severity: dict[str, AlarmRule]
    code: dict[str, AlarmRule] = {}
    kind: dict[str, dict[str, AlarmRule]] = {}


NEVER: Final = AlarmRule(opens=False)


@dataclass(frozen=True, slots=True)
class AlarmTable:
    too_old: timedelta
    by_severity: Mapping[str, AlarmRule]
    by_code: Mapping[str, AlarmRule]
    by_kind: Mapping[str, Mapping[str, AlarmRule]]

    def rule(self, kind: str, code: str, severity: str) -> AlarmRule:
        """The rule for a code of a kind of asset; acute codes are urgent and wait for nothing, whatever a row says."""
        row = self.by_kind.get(kind, {}).get(code) or self.by_code.get(code)
        if is_acute(code):
            return AlarmRule(hold_min=0, priority=Priority.URGENT, component=row.component if row else None)
        return row or self.by_severity.get(severity, NEVER)

    def at_once(self, kind: str, code: str, severity: str, state: str) -> bool:
        """True for what opens a ticket in the transaction that stores it."""
        rule = self.rule(kind, code, severity)
        if not rule.opens or rule.hold_min > 0 or state == "clear":
            return False
        return state == "raise" or rule.priority is Priority.URGENT

    def may_open_at_once(self, code: str, severity: str, state: str) -> bool:
        """`at_once` for some kind of asset: what doesn't pass costs ingest no query."""
        return any(self.at_once(kind, code, severity, state) for kind in ("", *self.by_kind))

    @property
    def least_hold(self) -> timedelta:
        """The shortest time that an alarm has to hold for a ticket, where it doesn't open one at once."""
        rules = [*self.by_severity.values(), *self.by_code.values()]
        rules += [rule for rows in self.by_kind.values() for rule in rows.values()]
        return min(rule.hold for rule in rules if rule.opens and rule.hold_min > 0)

    def component(self, kind: str, code: str) -> str | None:
        """The component that `code` points at, as contracts and this table know it."""
        row = self.by_kind.get(kind, {}).get(code) or self.by_code.get(code)
        if row and row.component:
            return row.component
        return CODES[code].component if code in CODES else None


def parse_alarms(text: str | bytes) -> AlarmTable:
    """The table of a TOML text; ConfigurationError names what can't be taken."""
    try:
        found = msgspec.toml.decode(text, type=_AlarmFile)
    except (msgspec.ValidationError, msgspec.DecodeError) as exc:
        raise ConfigurationError(f"alarm table: {exc}") from exc
    return AlarmTable(timedelta(hours=found.too_old_h), found.severity, found.code, found.kind)


@cache
def alarm_table() -> AlarmTable:
    """The table that the platform ships with."""
    return parse_alarms(files(__package__).joinpath("alarms.toml").read_bytes())
