"""What one demo leaves for the next that is told to go on with it."""

import json
from dataclasses import replace

from anju_simulators.demo.errors import DemoError
from anju_simulators.demo.plan import Options, Places
from anju_simulators.services import Flavour

_FIELDS = ("lifts", "doors", "electric_meters", "water_meters", "readers", "seed", "days_of_history")


def write_kept(places: Places, options: Options, flavour: Flavour) -> None:
    """Say which community there is now; where its time stopped is in the database."""
    kept = {name: getattr(options, name) for name in _FIELDS} | {"flavour": flavour}
    places.kept.write_text(json.dumps(kept, indent=2), encoding="utf-8")


def read_kept(places: Places, options: Options) -> Options | None:
    """`options` with the community to go on with, when they ask for that and there is one; None for a fresh start."""
    if not options.keep or not places.kept.exists():
        return None
    try:
        return replace(options, **json.loads(places.kept.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as exc:
        raise DemoError(f"{places.kept}: {exc}; start without --keep") from exc
