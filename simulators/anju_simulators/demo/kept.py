"""What one demo leaves for the next that is told to go on with it."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from anju_contracts.clock import rfc3339
from anju_simulators.demo.errors import DemoError
from anju_simulators.demo.plan import Options, Places

_FIELDS = ("lifts", "doors", "electric_meters", "water_meters", "seed", "days_of_history", "flavour")


@dataclass(frozen=True, slots=True)
class Kept:
    """The community of the demo before, and where its time stopped."""

    options: Options
    until: datetime


def write_kept(places: Places, options: Options, *, flavour: str, until: datetime) -> None:
    kept = {name: getattr(options, name) for name in _FIELDS} | {"flavour": flavour, "until": rfc3339(until)}
    places.kept.write_text(json.dumps(kept, indent=2), encoding="utf-8")


def read_kept(places: Places, options: Options) -> Kept | None:
    """What to go on with, when `options` ask for it; None for a fresh start."""
    if not options.keep or not places.kept.exists():
        return None
    try:
        kept = json.loads(places.kept.read_text(encoding="utf-8"))
        until = datetime.fromisoformat(kept.pop("until"))
        return Kept(replace(options, **kept), until)
    except (ValueError, KeyError, TypeError) as exc:
        raise DemoError(f"{places.kept}: {exc}; start without --keep") from exc
