"""`anju-simulate`: one command a use of the simulated community; each is imported when it is asked for."""

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "chaos": "anju_simulators.chaos.cli:chaos_command",
    "demo": "anju_simulators.demo.cli:demo_command",
    "devices": "anju_simulators.devices.cli:devices_command",
    "history": "anju_simulators.history_command:history",
    "twin": "anju_simulators.twin.cli:twin_command",
}
"""Where each command is, as module:attribute."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is used or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup)
def main() -> None:
    """Simulated communities: lifts, doors and meters that wear, residents who complain, crews that repair."""
