"""Reading device profiles from TOML, strictly: one run names every mistake with file, key, value and expectation."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from anju_contracts.birth import PointKind
from anju_contracts.units import SHOWN_AS
from anju_edge_agent.debounce import Debounce
from anju_edge_agent.dialect_reader import read_dialect
from anju_edge_agent.dlt645_reader import read_dlt645_map
from anju_edge_agent.errors import ProfileError
from anju_edge_agent.osdp_reader import read_osdp_map
from anju_edge_agent.profile import PointSpec, Profile, Protocol
from anju_edge_agent.register_reader import read_modbus_map
from anju_edge_agent.rule_reader import read_rule
from anju_edge_agent.rules import Threshold
from anju_edge_agent.sampling import DEFAULT_MAX_AGE_S, Sampling
from anju_edge_agent.tables import Problem, Table, read_toml

MOST_POINTS: Final = 1_000
_Reader = Callable[[Table, Sequence[Table], Sequence[str]], Protocol]
PROTOCOLS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {"modbus": read_modbus_map, "dlt645": read_dlt645_map, "osdp": read_osdp_map, "mqtt_json": read_dialect}
)
"""What reads the part of a profile that only one driver knows: (root, points, their ids) -> protocol."""


def builtin_profiles() -> tuple[str, ...]:
    """The names of the profiles that come with Anju."""
    folder = files("anju_edge_agent").joinpath("profiles")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


@cache
def builtin_profile(name: str) -> Profile:
    with as_file(files("anju_edge_agent").joinpath("profiles", f"{name}.toml")) as file:
        return load_profile(file)


def load_profile(file: Path) -> Profile:
    """The profile in `file`; ProfileError with every mistake in it. Its name is the file's, without `.toml`."""
    problems: list[Problem] = []
    root = read_toml(file, problems)
    profile = _read(root, file.stem) if root is not None else None
    if problems or profile is None:
        raise ProfileError(problems)
    return profile


def _read(root: Table, name: str) -> Profile | None:
    driver = root.choice("driver", tuple(PROTOCOLS), required=True)
    period_s = root.number("period_s", 60.0, required=True, above=0)
    points = root.tables("point", required=True)
    ids = [point.name("id") for point in points]
    _check_points(root, ids)
    specs = tuple(_read_point(point, period_s) for point in points)
    reader = PROTOCOLS.get(driver)
    protocol = reader(root, points, ids) if reader else None
    for point in points if reader else ():
        point.done()
    thresholds = tuple(_read_threshold(table, ids) for table in root.tables("event"))
    kind, model = root.name("kind"), root.name("model")
    label, silent_after = root.label("label"), root.integer("silent_after", 3, least=1, most=1_000)
    if protocol is None:
        return None
    root.done()
    return Profile(name, kind, model, driver, label, period_s, silent_after, specs, thresholds, protocol)


def _check_points(root: Table, ids: Sequence[str]) -> None:
    if len(ids) > MOST_POINTS:
        root.problem("point", len(ids), f"at most {MOST_POINTS} points")
    for index, name in enumerate(ids):
        if name and name in ids[:index]:
            root.problem(f"point[{index}].id", name, "an id that occurs once")
        if name in ("comm_errors", "comm_latency_ms"):
            root.problem(f"point[{index}].id", name, "another id; the driver measures this one itself")


def _read_point(table: Table, period_s: float) -> PointSpec:
    kind = table.choice("kind", tuple(PointKind), PointKind.GAUGE)
    band = table.maybe_number("dead_band", least=0)
    scale = table.number("scale", 1.0)
    if scale == 0:
        table.problem("scale", scale, "a number other than 0")
    return PointSpec(
        id=table.name("id"),
        unit=table.choice("unit", tuple(SHOWN_AS), "1"),
        kind=PointKind(kind),
        label=table.label("label"),
        scale=scale,
        offset=table.number("offset"),
        plausible=table.pair("plausible"),
        error=table.maybe_number("error"),
        period_s=table.number("period_s", period_s, above=0),
        sampling=Sampling(band, table.number("max_age_s", DEFAULT_MAX_AGE_S, above=0)),
    )


def _read_threshold(table: Table, ids: Sequence[str]) -> Threshold:
    point = table.choice("point", ids, required=True)
    rule = read_rule(table)
    below, above = table.maybe_number("below"), table.maybe_number("above")
    falls = table.flag("falls")
    if not falls and below is None and above is None:
        table.problem("below", None, "a limit in below or above, or falls = true for a counter")
    margin = table.number("margin", least=0)
    if falls and rule.debounce != Debounce():
        table.problem("falls", falls, "no debouncing beside it; each fall is one momentary event")
    table.done()
    limits = {key: value for key, value in (("below", below), ("above", above)) if value is not None and not falls}
    return Threshold(ids.index(point) if point else 0, rule, margin=margin, falls=falls, **limits)


def find_profile(reference: str, folder: Path) -> Profile:
    """A built-in profile by name, or one by its path (ending in `.toml`), relative to `folder`."""
    return load_profile(folder / reference) if reference.endswith(".toml") else builtin_profile(reference)
