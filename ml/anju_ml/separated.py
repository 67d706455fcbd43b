"""Text tables: fields between commas, semicolons or tabs, in UTF-8, UTF-16 or GB 18030, quoted where need be."""

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.errors import ImportRefused

SEPARATORS: Final = (",", ";", "\t")
QUOTE: Final = '"'


@dataclass(frozen=True)
class Separated:
    """`frame`: text cells, empty ones null, of the rows with as many fields as the `header`; `lines`: where each of
    them begins, counted from 1 with the header; `wrong`: lines with another number of fields, and that number."""

    header: tuple[str, ...]
    frame: pl.DataFrame
    lines: list[int]
    wrong: dict[int, int]


def decode_text(data: bytes, path: Path) -> str:
    """UTF-8 with or without a byte order mark, UTF-16 with one, or GB 18030 as spreadsheets in China write it; line
    ends as \\n."""
    encodings = ("utf-16",) if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise ImportRefused(path.name, "neither UTF-8 nor GB 18030 text")


def read_separated(text: str, path: Path) -> Separated:
    """The table in `text`. ImportRefused where there is no header or a column stands twice."""
    lines = text.rstrip("\n").split("\n")
    if not text.strip():
        raise ImportRefused(path.name, "the file is empty; expected a first line with the names of columns")
    separator = next((each for each in SEPARATORS if each in lines[0]), SEPARATORS[0])
    return _quoted(lines, separator, path) if QUOTE in text else _plain(lines, separator, path)


def _plain(lines: Sequence[str], separator: str, path: Path) -> Separated:
    """Without quotes every separator parts two fields."""
    texts = pl.Series(lines, dtype=pl.String)
    counts = texts.str.count_matches(separator, literal=True) + 1
    filled = texts.str.strip_chars() != ""
    right = filled & (counts == counts[0])
    wrong = (filled & ~right).arg_true().to_list()
    kept = "\n".join(lines if right.all() else texts.filter(right)) + "\n"
    frame = pl.read_csv(
        io.BytesIO(kept.encode()), separator=separator, has_header=False, infer_schema=False, quote_char=None
    )
    header = _names(frame.row(0), path)
    places = [int(place) + 1 for place in right.arg_true().to_list()]
    return _separated(header, frame[1:], places[1:], {int(place) + 1: int(counts[place]) for place in wrong})


def _quoted(lines: Sequence[str], separator: str, path: Path) -> Separated:
    """A quoted cell may reach over several lines. Where a row that does so has too many or too few fields, a mark was
    never closed: then each line is taken for itself."""
    rows = _rows(lines, separator)
    if rows is None or any(reach > 1 and len(row) != len(rows[0][1]) for _, row, reach in rows):
        rows = [(line, _row(text, separator), 1) for line, text in enumerate(lines, 1)]
    filled = [(line, row) for line, row, _ in rows if any(cell.strip() for cell in row)]
    header = _names(filled[0][1], path)
    right = [(line, row) for line, row in filled[1:] if len(row) == len(header)]
    wrong = {line: len(row) for line, row in filled[1:] if len(row) != len(header)}
    schema = {f"column_{place}": pl.String for place in range(len(header))}
    frame = pl.DataFrame([row for _, row in right], schema=schema, orient="row")
    return _separated(header, frame, [line for line, _ in right], wrong)


def _rows(lines: Sequence[str], separator: str) -> list[tuple[int, list[str], int]] | None:
    """(first line, fields, how many lines) of each row; None where they can't be told."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator)
    found: list[tuple[int, list[str], int]] = []
    begun = 0
    try:
        for row in reader:
            found.append((begun + 1, row, reader.line_num - begun))
            begun = reader.line_num
    except csv.Error:
        return None
    return found


def _row(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return text.split(separator)


def _names(row: Sequence[str | None], path: Path) -> tuple[str, ...]:
    names = tuple((name or "").strip() for name in row)
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ImportRefused(path.name, f"column {twice[0]!r} stands twice")
    return names


def _separated(header: tuple[str, ...], frame: pl.DataFrame, lines: list[int], wrong: dict[int, int]) -> Separated:
    named = frame.rename(dict(zip(frame.columns, header, strict=True))).with_columns(pl.all().replace("", None))
    return Separated(header, named, lines, wrong)
