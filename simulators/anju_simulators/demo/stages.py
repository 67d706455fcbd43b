"""Progress of the demo on the terminal: one line a stage, with its seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Stages:
    """`seconds` holds the time of every finished stage by its key, in the order they ran."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, key: str, title: str) -> Iterator[None]:
        """A spinner while it runs (on a terminal), a line with its seconds when it is done."""
        began_s = time.monotonic()
        with self._console.status(f"{title} …"):
            yield
        spent_s = round(time.monotonic() - began_s, 1)
        self.seconds[key] = spent_s
        self._console.print(f"[green]✓[/green] {title} [dim]{spent_s:.1f} s[/dim]")
