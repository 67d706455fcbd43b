"""Errors of the gateway. Library errors are translated into these at the boundary, with `from exc`."""

from collections.abc import Sequence

from anju_edge_agent.tables import Problem


class GatewayError(Exception):
    """Base of everything the gateway raises on purpose."""


class ConfigurationError(GatewayError):
    """The configuration can't be used; `problems` names every mistake in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class OutboxError(GatewayError):
    """The outbox did not take what it was given; it is not on disk."""


class CorruptOutboxError(GatewayError):
    """The outbox file, or the book of commands, can't be read as one; it has to be set aside."""


class AlreadyRunningError(GatewayError):
    """Another gateway holds this data folder."""
