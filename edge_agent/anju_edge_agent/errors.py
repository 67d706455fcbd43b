"""Errors of the edge agent. Library errors are translated into these at the boundary, with `from exc`."""

from collections.abc import Sequence

from anju_edge_agent.tables import Problem


class EdgeError(Exception):
    """Base of everything the edge agent raises on purpose."""


class ProfileError(EdgeError):
    """A device profile can't be used; `problems` names every mistake in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class BusError(EdgeError):
    """A device or its bus gave no usable answer; trying again later makes sense."""


class RefusedError(BusError):
    """A device answered that it does not do what it was asked; its other data may be there."""
