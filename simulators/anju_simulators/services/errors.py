"""What can go wrong with a local server."""

from pathlib import Path

TAIL_LINES = 15


class ServiceError(Exception):
    """Base of everything that starting or stopping a local server raises."""


class ServiceMissing(ServiceError):  # noqa: N818
    """The server's program is not on this machine; the message says how to get it."""


class ServiceFailed(ServiceError):  # noqa: N818
    """The server was there and did not come up; `log` is its log file, whose end is in the message."""

    def __init__(self, what: str, log: Path) -> None:
        self.log = log
        super().__init__(f"{what}; the end of {log}:\n{tail(log)}")


def tail(log: Path) -> str:
    """The last lines of a log file, or a word about there being none."""
    if not log.exists():
        return "(no log was written)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
