"""What can go wrong in the demo, in words for the person at the terminal."""

from pathlib import Path

TAIL_LINES = 15


class DemoError(Exception):
    """Base of what stops the demo."""


class ChildFailed(DemoError):  # noqa: N818
    """A program ended that should not have, or ended badly; the message has the end of its log."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        self.name = name
        self.code = code
        self.log = log
        super().__init__(f"{name} ended with code {code}; the end of {log}:\n{tail(log)}")


class TooSlow(DemoError):  # noqa: N818
    """Something that should have happened by now did not."""


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last `lines` lines of a log, however it is encoded; empty when there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
