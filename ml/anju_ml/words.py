"""The words of repair books: an editable table of headings, values and parts, and what they mean here."""

from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from anju_ml.errors import WordsRefused

TABLES: Final = ("assets", "repairs", "complaints", "events", "readings")
ANY: Final = "any"


class Words(msgspec.Struct, forbid_unknown_fields=True, frozen=True, dict=True):
    """`headings` by table and column, `values` by column and value, `components` by kind (or `any`) and component:
    each with the words that mean it."""

    time_zone: str
    tables: dict[str, list[str]] = {}
    headings: dict[str, dict[str, list[str]]] = {}
    values: dict[str, dict[str, list[str]]] = {}
    components: dict[str, dict[str, list[str]]] = {}

    def column_of(self, table: str, heading: str) -> str | None:
        """The column that a heading stands for: a name of the format, or one of its words."""
        plain = heading.strip().lower()
        for column, words in self.headings.get(table, {}).items():
            if plain in (column, *(word.lower() for word in words)):
                return column
        return None

    def value_of(self, column: str, text: str) -> str | None:
        """What a text of a column means: the value itself, or the one whose word stands in it."""
        known = self.values.get(column, {})
        plain = text.strip().lower()
        return plain if plain in known else longest_match(known, plain)

    def component_of(self, kind: str, text: str) -> str | None:
        """The component that a name of a part or a free text speaks of."""
        return longest_match(self._parts_of(kind), text.strip().lower())

    def table_of(self, name: str) -> str | None:
        """Which table a file or sheet of that name holds."""
        plain = name.strip().lower()
        own = [table for table in TABLES if plain.startswith(table)]
        return own[0] if own else longest_match(self.tables, plain)

    def _parts_of(self, kind: str) -> Mapping[str, list[str]]:
        own, general = self.components.get(kind, {}), self.components.get(ANY, {})
        return {name: [*own.get(name, []), *general.get(name, [])] for name in (*own, *general)}

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def longest_match(known: Mapping[str, list[str]], text: str) -> str | None:
    """The key whose longest word stands in `text`; the first of equals; None where no word does."""
    found = [(len(word), key) for key, words in known.items() for word in words if word and word.lower() in text]
    longest = max((length for length, _ in found), default=0)
    return next((key for length, key in found if length == longest), None)


def read_words(path: Path | None = None) -> Words:
    """The table of `path`, or the one that comes with this package. WordsRefused names what is wrong in it."""
    where = "words.toml" if path is None else str(path)
    data = files("anju_ml").joinpath("words.toml").read_bytes() if path is None else path.read_bytes()
    try:
        words = msgspec.toml.decode(data, type=Words)
        _ = words.zone
    except (msgspec.DecodeError, ZoneInfoNotFoundError, ValueError) as exc:
        raise WordsRefused(f"{where}: {exc}; expected the tables of docs/reference/history-format.md") from exc
    strange = [table for table in (*words.tables, *words.headings) if table not in TABLES]
    if strange:
        raise WordsRefused(f"{where}: table {strange[0]!r}; expected one of {', '.join(TABLES)}")
    return words
