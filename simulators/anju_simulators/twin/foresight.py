"""The prediction, as a program of its own that is told what happened and answers with tickets (`anju-ml watch`)."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from anju_contracts.clock import rfc3339
from anju_simulators.demo.programs import program


class ForesightError(Exception):
    """The program that predicts has ended; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A ticket that the prediction wants to open."""

    asset_id: str
    component: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prices:
    """The policy's table, in CNY: `costs` by "kind/component", "kind" or "" (everything else)."""

    visit: float
    false_visit: float
    entrapment: float
    costs: Mapping[str, Mapping[str, float]]

    def of(self, kind: str, component: str) -> Mapping[str, float]:
        """`reactive`, `planned` and `downtime_per_h` of a component."""
        return next(self.costs[key] for key in (f"{kind}/{component}", kind, "") if key in self.costs)


class Foresight:
    """Use it in a `with`. `log` takes what the program writes to its standard error."""

    def __init__(self, history: Path, model: Path, *, log: Path) -> None:
        self._command = program("anju-ml", "watch", "--history", history, "--model", model)
        self._log = log
        self.prices: Prices

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.prices = Prices(**self._answer()["policy"])
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._process.communicate()

    def tickets(
        self,
        as_of: datetime,
        records: Path,
        *,
        open_problems: Iterable[tuple[str, str | None]],
        closed: Mapping[tuple[str, str], datetime],
    ) -> list[Foreseen]:
        """What to open at `as_of`, after hearing of the records that have come since the last question."""
        question = {
            "as_of": rfc3339(as_of),
            "records": str(records),
            "open": list(open_problems),
            "closed": [[asset, component, rfc3339(at)] for (asset, component), at in sorted(closed.items())],
        }
        assert self._process.stdin is not None
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
        except BrokenPipeError as exc:
            raise self._failed() from exc
        return [Foreseen(row["asset_id"], row["component"], row["probability"]) for row in self._answer()["tickets"]]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._failed()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _failed(self) -> ForesightError:
        code = self._process.wait()
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return ForesightError(f"anju-ml watch ended with {code}: {said[-1] if said else 'no word'}")
