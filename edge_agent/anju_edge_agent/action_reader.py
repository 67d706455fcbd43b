"""Reading the actions of a profile: what every driver's have in common."""

from collections.abc import Iterator

from anju_edge_agent.actions import ActionSpec, ParamSpec
from anju_edge_agent.tables import Table

_EXPECTED = "a name of letters, digits and _"


def read_actions(root: Table) -> Iterator[tuple[ActionSpec, Table]]:
    """Every `[action.<name>]` with its table, in which the driver's own keys are still to be read."""
    actions = root.table("action")
    for name, value in actions.entries():
        if not isinstance(value, dict):
            actions.problem(name, value, "a table, [action.<name>]")
        elif not name.isidentifier():
            actions.problem(name, value, _EXPECTED)
        else:
            table = actions.inner(name)
            yield ActionSpec(name, _read_params(table)), table


def _read_params(table: Table) -> dict[str, ParamSpec]:
    """`params = { seconds = { least = 1, most = 30, usual = 5 } }`."""
    params = table.table("params")
    found = {}
    for name, value in params.entries():
        if not isinstance(value, dict):
            params.problem(name, value, "{ least = …, most = …, usual = … }")
            continue
        inner = params.inner(name)
        least, most = inner.number("least", required=True), inner.number("most", required=True)
        usual = inner.number("usual", least, required=True)
        if not least <= usual <= most:
            inner.problem("usual", usual, "a number from least to most")
        inner.done()
        found[name] = ParamSpec(least, most, usual)
    return found
