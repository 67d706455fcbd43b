"""Puts the taking of commands together, where the configuration asks for it."""

from collections.abc import Callable, Mapping

from anju_contracts.clock import Clock
from anju_contracts.command import Param
from anju_contracts.topics import address
from anju_edge_agent.actions import ActionRefused, Result
from anju_gateway.commands import Commands, Hands, Own
from anju_gateway.commands_book import CommandBook
from anju_gateway.commands_check import Gate, read_command_key
from anju_gateway.config import GatewayConfig
from anju_gateway.host import Host
from anju_gateway.outbox import Outbox

BOOK_FILE = "commands.sqlite3"


def commands_of(
    config: GatewayConfig,
    *,
    host: Host,
    outbox: Outbox,
    clock: Clock,
    wake: Callable[[], None],
    own: Mapping[str, Own],
) -> Commands | None:
    """None where the configuration names no key: then nobody can command this gateway."""
    if config.command_key_file is None:
        return None
    devices = [device.device for agent in config.agents for device in agent.devices]
    hands = Hands(
        specs={device.asset: device.profile.actions for device in devices},
        perform=host.perform,
        own=own,
        note=lambda event: outbox.polled([], [event]),
    )
    gate = Gate(address(config.community, config.gateway), read_command_key(config.command_key_file))
    book = CommandBook(config.data_dir / BOOK_FILE, now=clock.now())
    return Commands(gate, book, hands, clock, wake=wake)


def plain(act: Callable[[], None]) -> Own:
    """An action of the gateway that takes no parameters and has nothing to tell."""

    def checked(params: Mapping[str, Param]) -> Result:
        if params:
            raise ActionRefused(f"params: got {', '.join(sorted(params))}, expected none")
        act()
        return {}

    return checked
