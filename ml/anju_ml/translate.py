"""Books in the words of their keepers become tables of the import format; what was guessed is noted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from anju_ml.book_times import as_utc_texts
from anju_ml.tables import Findings
from anju_ml.words import Words

MOMENTS: Final = {"repairs": ("opened_at", "closed_at"), "complaints": ("ts",), "events": ("ts",), "readings": ("ts",)}
DATES: Final = {"assets": ("installed_on",)}
TEXT: Final = "text"
SHOWN: Final = 8
MENDED: Final = ("replace", "repair")


def is_book(frame: pl.DataFrame, table: str, words: Words) -> bool:
    """Whether a heading of `frame` is a word rather than a column of the format."""
    return any(words.column_of(table, name) not in (None, name) for name in frame.columns)


def translate(
    frame: pl.DataFrame, table: str, words: Words, *, kinds: Mapping[str, str], file: str, findings: Findings
) -> pl.DataFrame:
    """`frame` (text cells) with the columns and values of the import format. `kinds`: asset to kind, for repairs."""
    frame = _renamed(frame, table, words, file, findings)
    frame = _timed(frame, table, words, file, findings)
    if table == "repairs":
        frame = _repairs(frame, words, kinds, file, findings)
    for column in words.values:
        if column in frame.columns:
            frame = _valued(frame, column, words, file, findings)
    return frame.drop(TEXT, strict=False)


def _timed(frame: pl.DataFrame, table: str, words: Words, file: str, findings: Findings) -> pl.DataFrame:
    moments = [column for column in MOMENTS.get(table, ()) if column in frame.columns]
    dates = [column for column in DATES.get(table, ()) if column in frame.columns]
    if moments:
        findings.notes.append(f"{file}: times without an offset are taken as {words.time_zone}")
    return frame.with_columns(
        *(as_utc_texts(frame[column], words.zone) for column in moments),
        *(as_utc_texts(frame[column], None) for column in dates),
    )


def _renamed(frame: pl.DataFrame, table: str, words: Words, file: str, findings: Findings) -> pl.DataFrame:
    """Headings as columns: the first that means a column is taken; all that mean `text` are joined."""
    chosen: dict[str, list[str]] = {}
    for name in frame.columns:
        column = words.column_of(table, name)
        if column is not None and (column == TEXT or column not in chosen):
            chosen.setdefault(column, []).append(name)
    told = [f"{name} as {column}" for column, names in chosen.items() for name in names if name != column]
    if told:
        findings.notes.append(f"{file}: read {', '.join(told)}")
    free = chosen.pop(TEXT, [])
    renamed = frame.rename({names[0]: column for column, names in chosen.items()})
    if free:
        joined = pl.concat_str(free, separator=" ", ignore_nulls=True).alias(TEXT)
        renamed = renamed.with_columns(joined).drop(name for name in free if name != TEXT)
    return renamed


@dataclass
class Guesses:
    """Components that words were taken for, and texts in which no part is named, with how often each came."""

    words: Words
    guessed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def component(self, kind: str, part: str, text: str) -> str | None:
        """By the name of the part, else by the free text; a name that no word explains stays as it is."""
        found = self.words.component_of(kind, part) or part or self.words.component_of(kind, text)
        if not found:
            self.unknown[text.strip()[:30]] += 1
        elif found != part:
            self.guessed[found] += 1
        return found or None


def _repairs(
    frame: pl.DataFrame, words: Words, kinds: Mapping[str, str], file: str, findings: Findings
) -> pl.DataFrame:
    """Components, actions, causes and findings from names of parts and free text, where the book has no such column
    or its cell is empty."""
    texts, parts, assets = (_texts(frame, column) for column in (TEXT, "component", "asset_id"))
    guesses = Guesses(words)
    components = [
        guesses.component(kinds.get(asset, ""), part, text)
        for asset, part, text in zip(assets, parts, texts, strict=True)
    ]
    _tell(findings, file, "components from words", guesses.guessed)
    _tell(findings, file, "texts without a known part (see --words)", guesses.unknown)
    actions = _meanings(words, "action", _texts(frame, "action"), texts)
    causes = _meanings(words, "cause", _texts(frame, "cause"), texts)
    told = zip(texts, actions, causes, strict=True)
    return frame.with_columns(
        pl.Series("component", components, dtype=pl.String),
        _filled(frame, "action", actions),
        _filled(frame, "cause", causes),
        _filled(frame, "fault_found", [_found(words, text, action, cause) for text, action, cause in told]),
    )


def _meanings(words: Words, column: str, given: list[str], texts: list[str]) -> list[str | None]:
    """By the column's own cells, else by the free text."""
    return [words.value_of(column, own or text) for own, text in zip(given, texts, strict=True)]


def _found(words: Words, text: str, action: str | None, cause: str | None) -> str | None:
    """Whether a visit found a fault: said in words, or to be taken from what was done; maintenance that changed
    nothing says nothing."""
    if words.value_of("fault_found", text) == "false":
        return "false"
    if cause == "preventive":
        return "true" if action in MENDED else None
    return "true" if text else None


def _texts(frame: pl.DataFrame, column: str) -> list[str]:
    return frame[column].cast(pl.String).fill_null("").to_list() if column in frame.columns else [""] * len(frame)


def _filled(frame: pl.DataFrame, column: str, guesses: list[str | None]) -> pl.Series:
    """The column, its empty cells filled with guesses."""
    guessed = pl.Series(column, guesses, dtype=pl.String)
    return frame[column].cast(pl.String).fill_null(guessed) if column in frame.columns else guessed


def _valued(frame: pl.DataFrame, column: str, words: Words, file: str, findings: Findings) -> pl.DataFrame:
    """The column with each word replaced by its value; other texts stay as they are and are told."""
    known = set(words.values[column])
    meaning = {text: words.value_of(column, text) for text in frame[column].drop_nulls().unique().sort()}
    _tell(findings, file, f"{column} in other words", [text for text, value in meaning.items() if value is None])
    values = {text: value if value in known else text for text, value in meaning.items()}
    return frame.with_columns(frame[column].replace(values))


def _tell(findings: Findings, file: str, what: str, found: Counter[str] | Iterable[str]) -> None:
    counted = (found if isinstance(found, Counter) else Counter(found)).most_common()
    if counted:
        listed = ", ".join(f"{name} ({count})" for name, count in counted[:SHOWN])
        more = f" and {len(counted) - SHOWN} more" if len(counted) > SHOWN else ""
        findings.notes.append(f"{file}: {what}: {listed}{more}")
