"""Strict reading of TOML tables: every mistake is collected with its file, key, value and what would be right.

Reading goes on after a mistake with a harmless stand-in, so that one run finds all of them. Whoever reads a
file builds nothing from it as long as its list of problems isn't empty.
"""

import difflib
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from anju_contracts.errors import shown
from anju_contracts.kinds import Label
from anju_contracts.names import EXPECTED_NAME, is_name


class Absent(Enum):
    """Stands for the value of a key that isn't there."""

    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: `key` is a path such as `agent[1].device[0].unit`."""

    file: str
    key: str
    value: object
    expected: str

    def __str__(self) -> str:
        found = "is missing" if self.value is Absent.ABSENT else f"got {shown(self.value)}"
        return f"{self.file}: {self.key}: {found}, expected {self.expected}"


def read_toml(file: Path, problems: list[Problem]) -> "Table | None":
    """The root table of `file`, or None with the reason in `problems`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        problems.append(Problem(str(file), "(file)", str(exc), "a readable text file in UTF-8"))
        return None
    try:
        return Table(tomllib.loads(text), file=str(file), problems=problems)
    except tomllib.TOMLDecodeError as exc:
        problems.append(Problem(str(file), "(syntax)", str(exc), "valid TOML"))
        return None


class Table:
    """A TOML table that remembers which keys were asked for; `done()` reports the others as mistakes."""

    def __init__(self, data: Mapping[str, Any], *, file: str, problems: list[Problem], path: str = "") -> None:
        self.file = file
        self.problems = problems
        self._data = data
        self._path = path
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def key(self, key: str) -> str:
        """The path of `key` from the root of the file."""
        return f"{self._path}.{key}" if self._path else key

    def problem(self, key: str, value: object, expected: str) -> None:
        self.problems.append(Problem(self.file, self.key(key), value, expected))

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        found = self._take(key, "text", lambda value: isinstance(value, str) and value != "", required=required)
        return default if found is None else str(found)

    def name(self, key: str, default: str = "", *, required: bool = True) -> str:
        """A name as contracts define it; `default` stands in for one that is missing or wrong."""
        found = self._take(key, EXPECTED_NAME, is_name, required=required)
        return default if found is None else str(found)

    def choice(self, key: str, options: Collection[str], default: str = "", *, required: bool = False) -> str:
        expected = "one of " + ", ".join(options)
        if key in self._data and isinstance(self._data[key], str):
            expected += _did_you_mean(self._data[key], options)
        found = self._take(key, expected, lambda value: value in options, required=required)
        return default if found is None else str(found)

    def number(
        self,
        key: str,
        default: float = 0.0,
        *,
        required: bool = False,
        above: float | None = None,
        least: float | None = None,
        most: float | None = None,
    ) -> float:
        found = self._take(
            key, "a number" + _bounds(above, least, most), _number(above, least, most), required=required
        )
        return default if found is None else float(found)

    def maybe_number(self, key: str, *, least: float | None = None) -> float | None:
        if key in self._data:
            return self.number(key, least=least)
        self._known.add(key)
        return None

    def integer(
        self, key: str, default: int = 0, *, required: bool = False, least: int | None = None, most: int | None = None
    ) -> int:
        inside = _number(None, least, most)
        found = self._take(
            key,
            "a whole number" + _bounds(None, least, most),
            lambda value: isinstance(value, int) and inside(value),
            required=required,
        )
        return default if found is None else int(found)

    def flag(self, key: str, *, default: bool = False) -> bool:
        found = self._take(key, "true or false", lambda value: isinstance(value, bool))
        return default if found is None else bool(found)

    def day(self, key: str) -> date | None:
        """A TOML date (not quoted), such as 2020-05-01."""
        found = self._take(
            key,
            "a date without quotes, such as 2020-05-01",
            lambda value: isinstance(value, date) and not isinstance(value, datetime),
        )
        return found if isinstance(found, date) else None

    def pair(self, key: str) -> tuple[float, float] | None:
        """Two ascending numbers, such as [0, 500]."""
        found = self._take(key, "[lowest, highest], two ascending numbers", _is_pair)
        return None if found is None else (float(found[0]), float(found[1]))

    def label(self, key: str) -> Label | None:
        """`{ zh = "…", en = "…" }`; both are needed."""
        if key not in self._data:
            self._known.add(key)
            return None
        inner = self.table(key)
        if not isinstance(self._data[key], dict):
            return None
        label = Label(inner.text("zh", required=True), inner.text("en", required=True))
        inner.done()
        return label

    def table(self, key: str, *, required: bool = False) -> "Table":
        """The table at `key`; an empty one where it is absent or no table."""
        found = self._take(key, "a table", lambda value: isinstance(value, dict), required=required)
        return self._inner(found or {}, self.key(key))

    def tables(self, key: str, *, required: bool = False) -> list["Table"]:
        """The array of tables at `key`; at least one where it is required."""
        found = self._take(key, f"at least one [[{key}]] table", _is_tables(required), required=required)
        return [self._inner(data, f"{self.key(key)}[{index}]") for index, data in enumerate(found or ())]

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with its raw value, for tables whose keys are data."""
        self._known.update(self._data)
        yield from self._data.items()

    def inner(self, key: str) -> "Table":
        """The table at `key`, which `entries` gave as a dict."""
        return self._inner(self._data[key], self.key(key))

    def wrap(self, key: str, data: Mapping[str, Any]) -> "Table":
        """`data` as if it stood at `key`, for a short form of a table."""
        return self._inner(data, self.key(key))

    def suggest(self, word: str, known: Collection[str]) -> str:
        """` (did you mean '…'?)` when one of `known` is close to `word`, else nothing."""
        return _did_you_mean(word, known)

    def done(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self._data:
            if key not in self._known:
                free = sorted(self._known - self._data.keys()) or sorted(self._known)
                expected = "no such key" + (_did_you_mean(key, self._known) or f"; known here: {', '.join(free)}")
                self.problem(key, self._data[key], expected)

    def _inner(self, data: Mapping[str, Any], path: str) -> "Table":
        return Table(data, file=self.file, problems=self.problems, path=path)

    def _take(self, key: str, expected: str, accepts: Callable[[Any], bool], *, required: bool = False) -> Any:
        self._known.add(key)
        if key not in self._data:
            if required:
                self.problem(key, Absent.ABSENT, expected)
            return None
        if not accepts(self._data[key]):
            self.problem(key, self._data[key], expected)
            return None
        return self._data[key]


def _did_you_mean(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _bounds(above: float | None, least: float | None, most: float | None) -> str:
    parts = [
        f" {word} {bound:g}"
        for word, bound in (("above", above), ("at least", least), ("at most", most))
        if bound is not None
    ]
    return " and".join(parts)


def _number(above: float | None, least: float | None, most: float | None) -> Callable[[Any], bool]:
    def inside(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  NaN
            return False
        over = (above is None or value > above) and (least is None or value >= least)
        return over and (most is None or value <= most)

    return inside


def _is_pair(value: Any) -> bool:
    number = _number(None, None, None)
    return isinstance(value, list) and len(value) == 2 and all(map(number, value)) and value[0] < value[1]


def _is_tables(required: bool) -> Callable[[Any], bool]:
    def accepts(value: Any) -> bool:
        is_list = isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
        return is_list and (bool(value) or not required)

    return accepts
