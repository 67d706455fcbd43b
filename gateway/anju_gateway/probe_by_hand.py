"""An agent for a device that no file describes yet, from what was typed on the command line."""

from collections.abc import Sequence
from pathlib import Path

from anju_edge_agent.drivers.catalog import DRIVERS
from anju_edge_agent.errors import ProfileError
from anju_edge_agent.flow import Device
from anju_edge_agent.profile import Profile
from anju_edge_agent.profile_reader import builtin_profiles, find_profile
from anju_edge_agent.tables import Absent, Problem, Table
from anju_gateway.config import ConfiguredAgent, ConfiguredDevice
from anju_gateway.errors import ConfigurationError

_FILE = "command line"
_NUMBERS = frozenset({"unit", "address"})


def agent_by_hand(profile: str, address: str, options: Sequence[str]) -> tuple[ConfiguredAgent, Device]:
    """`options` are texts such as `baud=2400`, with the keys of an `[[agent]]` table. ConfigurationError names every
    mistake."""
    known = _profile(profile)
    driver = DRIVERS[known.driver]
    problems: list[Problem] = []
    numeric = known.driver != "dlt645" and driver.address_key in _NUMBERS
    named = {driver.address_key: _typed(address) if numeric else address} if address else {}
    keys = {"key_file"} & {option.partition("=")[0] for option in options}
    values = dict(_pair(option, problems) for option in options)
    device = {**named, **{key: values.pop(key) for key in keys}}
    table = Table({**values, "device": [device]}, file=_FILE, problems=problems)
    plan = driver.read_agent(table, Path.cwd(), "anju-probe")
    found = Device("device", known, driver.read_address(table.tables("device")[0]), known.period_s)
    table.done()
    if problems:
        raise ConfigurationError(problems)
    return ConfiguredAgent("probe", known.driver, plan.build, (ConfiguredDevice(found),), plan.place), found


def _profile(reference: str) -> Profile:
    if not reference.endswith(".toml") and reference not in builtin_profiles():
        expected = f"the path of a .toml file, or one of {', '.join(builtin_profiles())}"
        raise ConfigurationError([Problem(_FILE, "profile", reference or Absent.ABSENT, expected)])
    try:
        return find_profile(reference, Path.cwd())
    except ProfileError as exc:
        raise ConfigurationError(exc.problems) from exc


def _pair(option: str, problems: list[Problem]) -> tuple[str, str | int | float]:
    key, equals, value = option.partition("=")
    if not (key and equals and value):
        problems.append(Problem(_FILE, "set", option, "KEY=VALUE, such as baud=2400"))
    return key, _typed(value)


def _typed(text: str) -> str | int | float:
    """A number where it looks like one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
