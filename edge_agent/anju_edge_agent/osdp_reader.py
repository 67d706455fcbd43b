"""Reading the part of a profile that the OSDP driver knows."""

from collections.abc import Sequence

from anju_edge_agent.action_reader import read_actions
from anju_edge_agent.actions import ActionSpec
from anju_edge_agent.osdp import COLORS, KINDS, MOST_PULSE_S, SOURCES, OsdpCommand, OsdpMap
from anju_edge_agent.tables import Table

_PARAMS = {"output": ("seconds",), "led": ("seconds",), "buzzer": ("times",)}


def read_osdp_map(root: Table, points: Sequence[Table], _ids: Sequence[str]) -> OsdpMap:
    """source of every point, and the actions."""
    sources = tuple(point.choice("source", SOURCES, required=True) for point in points)
    return OsdpMap(sources, {spec.name: _read_command(spec, table) for spec, table in read_actions(root)})


def _read_command(spec: ActionSpec, table: Table) -> OsdpCommand:
    kind = table.choice("command", KINDS, required=True)
    known = _PARAMS.get(kind, ())
    for name, param in spec.params.items():
        if name not in known:
            table.problem(f"params.{name}", name, f"one of {', '.join(known)}")
        elif name == "seconds" and param.most > MOST_PULSE_S:
            table.problem("params.seconds.most", param.most, f"at most {MOST_PULSE_S}, what the protocol's timer holds")
    command = OsdpCommand(
        spec,
        kind,
        number=table.integer("number", 0, least=0, most=255),
        color=table.choice("color", tuple(COLORS), "green"),
        on=table.flag("on", default=True),
    )
    table.done()
    return command
