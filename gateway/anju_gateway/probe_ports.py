"""Serial ports of a configuration that aren't there. A gateway starts without them, for a plug may come back; whoever
checks a configuration wants to know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from serial.tools.list_ports import comports

from anju_edge_agent.place import SerialPlace
from anju_edge_agent.tables import Problem
from anju_gateway.config import GatewayConfig

_STABLE: Final = Path("/dev/serial/by-id")
"""Names that stay the same when another adapter is plugged in."""


def missing_ports(config: GatewayConfig, file: Path) -> Iterator[Problem]:
    """One for each agent whose serial port isn't there now."""
    for number, agent in enumerate(config.agents):
        place = agent.place
        if isinstance(place, SerialPlace) and not Path(place.path).exists():
            expected = f"a serial port that is there; on this machine: {', '.join(ports_here()) or 'none'}"
            yield Problem(str(file), f"agent[{number}].serial", place.path, expected)


def ports_here() -> list[str]:
    """The serial ports of this machine, by their stable names where they have some."""
    stable = sorted(str(entry) for entry in _STABLE.iterdir()) if _STABLE.is_dir() else []
    return stable or sorted(str(port.device) for port in comports())
