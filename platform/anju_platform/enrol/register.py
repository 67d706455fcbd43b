"""The register of certificates: an append-only file of what was issued and revoked; who is valid is its fold."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from anju_platform.errors import ConfigurationError


class State(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Issued(msgspec.Struct, frozen=True, tag_field="act", tag="issued"):
    """`serial` is in hex, as openssl and browsers show it."""

    serial: str
    name: str
    at: datetime
    expires_at: datetime


class Revoked(msgspec.Struct, frozen=True, tag_field="act", tag="revoked"):
    serial: str
    at: datetime
    reason: str


Act = Issued | Revoked


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One certificate: of the gateway `community/gateway`, or of the broker or the platform itself."""

    serial: str
    name: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    reason: str = ""

    def state(self, now: datetime) -> State:
        if self.revoked_at is not None:
            return State.REVOKED
        return State.EXPIRED if now >= self.expires_at else State.VALID


def fold(acts: Iterable[Act]) -> list[Enrolment]:
    """Every certificate, in the order of issue."""
    found: dict[str, Enrolment] = {}
    for act in acts:
        if isinstance(act, Issued):
            found[act.serial] = Enrolment(act.serial, act.name, act.at, act.expires_at)
        elif act.serial in found and found[act.serial].revoked_at is None:
            found[act.serial] = replace(found[act.serial], revoked_at=act.at, reason=act.reason)
    return list(found.values())


def shut_out(enrolments: Iterable[Enrolment], now: datetime) -> list[str]:
    """Names whose certificates were revoked and that have no valid one now: their open connections have to lose their
    rights, too, since a broker looks at the revocation list only when somebody connects."""
    states: dict[str, set[State]] = {}
    for one in enrolments:
        states.setdefault(one.name, set()).add(one.state(now))
    return sorted(name for name, found in states.items() if State.REVOKED in found and State.VALID not in found)


def ending(enrolments: Iterable[Enrolment], *, now: datetime, within: timedelta) -> list[Enrolment]:
    """The last valid certificate of each name, where it ends `within`: who has to be renewed now. Those that were
    replaced already are left out."""
    last: dict[str, Enrolment] = {}
    for one in enrolments:
        if one.state(now) is State.VALID and (one.name not in last or one.expires_at > last[one.name].expires_at):
            last[one.name] = one
    return [one for one in last.values() if one.expires_at <= now + within]


def read_acts(file: Path) -> list[Act]:
    """The acts in `file`, none where there is no file; ConfigurationError names the line that can't be read."""
    acts: list[Act] = []
    lines = file.read_bytes().splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            acts.append(msgspec.json.decode(line, type=Act))
        except msgspec.DecodeError as exc:
            raise ConfigurationError(f"{file}, line {number}: got {line[:40]!r}, expected an act ({exc})") from exc
    return acts


def append(file: Path, act: Act) -> None:
    """On disk when it returns: a certificate that no register knows could not be revoked."""
    with file.open("ab") as register:
        register.write(msgspec.json.encode(act) + b"\n")
        register.flush()
        os.fsync(register.fileno())
