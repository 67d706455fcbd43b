"""Where the tables of a history folder are: CSV or Parquet files, or the sheets of workbooks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.tables import Findings, read_texts
from anju_ml.translate import is_book, translate
from anju_ml.words import Words
from anju_ml.workbook import Sheet, find_sheets, read_sheet

SUFFIXES: Final = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Source:
    """One file or one sheet with rows of `table`."""

    table: str
    place: Path | Sheet

    @property
    def label(self) -> str:
        """How refused rows name it."""
        return self.place.name if isinstance(self.place, Path) else self.place.label

    def texts(self, words: Words, findings: Findings, *, kinds: Mapping[str, str]) -> pl.DataFrame:
        """Its cells, in the import format's words, with a column LINE. Books are translated; `kinds` says of what
        kind an asset is."""
        if isinstance(self.place, Path):
            frame = read_texts(self.place, findings)
            if not is_book(frame, self.table, words):
                return frame
        else:
            frame = read_sheet(self.place, words)
        return translate(frame, self.table, words, kinds=kinds, file=self.label, findings=findings)


def find_sources(folder: Path, words: Words) -> dict[str, list[Source]]:
    """The sources of each table. Where a file has the table's own name (`repairs.parquet` before `repairs.csv`), it is
    the only one; else every file and sheet whose name means the table is taken, in the order of names."""
    found: dict[str, list[Source]] = {}
    for source in (*_files(folder, words), *(Source(sheet.table, sheet) for sheet in find_sheets(folder, words))):
        found.setdefault(source.table, []).append(source)
    for table in found:
        named = [path for suffix in SUFFIXES if (path := folder / f"{table}{suffix}").is_file()]
        if named and table != "readings":
            found[table] = [Source(table, named[0])]
    return found


def _files(folder: Path, words: Words) -> Iterator[Source]:
    inside = sorted(path for path in (*folder.iterdir(), *folder.glob("readings/*")) if path.suffix in SUFFIXES)
    for path in inside:
        table = "readings" if path.parent != folder else words.table_of(path.stem)
        if table is not None and path.is_file():
            yield Source(table, path)
