"""The log of everything that the simulated devices handed out, for comparison with what was stored.

CSV: `sort,asset,name,at_us,detail`; `sort` is reading or event, `name` a point or an event code, `at_us` the
device's time in microseconds since 1970, `detail` the value or the event's state.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

_COLUMNS = ("sort", "asset", "name", "at_us", "detail")


@dataclass(frozen=True, slots=True)
class Published:
    sort: str
    asset: str
    name: str
    at_us: int
    detail: str


class PublicationLog:
    """Writes `path` anew; lines reach the file at `flush` and at the end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(_COLUMNS)
        self.readings = 0

    def reading(self, asset: str, point: str, at: datetime, value: float) -> None:
        self.readings += 1
        self._writer.writerow(("reading", asset, point, microseconds(at), value))

    def event(self, asset: str, code: str, at: datetime, state: str) -> None:
        self._writer.writerow(("event", asset, code, microseconds(at), state))

    def flush(self) -> None:
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_publications(path: Path) -> Iterator[Published]:
    """Every line of a finished log, in the order of publication."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Published(row["sort"], row["asset"], row["name"], int(row["at_us"]), row["detail"])


def microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
