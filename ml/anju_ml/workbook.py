"""Excel workbooks as property companies keep them: several sheets, title rows above the headings, any kind of cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from anju_ml.errors import ImportRefused
from anju_ml.tables import LINE
from anju_ml.words import Words

SUFFIXES: Final = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
HEADING_ROWS: Final = 20
"""Headings are looked for in so many rows."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a workbook."""

    path: Path
    name: str
    table: str

    @property
    def label(self) -> str:
        """How refused rows name it."""
        return f"{self.path.name}[{self.name}]"


def find_sheets(folder: Path, words: Words) -> list[Sheet]:
    """The sheets of a folder's workbooks that hold a table, by the name of the sheet or, of a workbook with one
    sheet, by the name of the file. Spreadsheet programs' own lock files are left out."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return [sheet for path in paths if not path.name.startswith("~$") for sheet in _sheets(path, words)]


def _sheets(path: Path, words: Words) -> Iterator[Sheet]:
    names = _open(path).sheet_names
    for name in names:
        table = words.table_of(name) or (words.table_of(path.stem) if len(names) == 1 else None)
        if table is not None:
            yield Sheet(path, name, table)


def read_sheet(sheet: Sheet, words: Words) -> pl.DataFrame:
    """The rows below the headings as text, with a column LINE that counts the sheet's rows from 1; rows without any
    text are left out. ImportRefused when no row holds two headings that are known."""
    raw = _open(sheet.path).load_sheet(sheet.name, header_row=None, dtypes="string").to_polars()
    numbered = raw.with_row_index(LINE, offset=1).with_columns(pl.col(LINE).cast(pl.Int64))
    top = _heading_row(raw, sheet, words)
    names = _names(raw.row(top))
    kept = numbered[top + 1 :].select(LINE, *(pl.col(raw.columns[place]).alias(name) for place, name in names.items()))
    cells = [name for name in kept.columns if name != LINE]
    kept = kept.with_columns(pl.col(cells).str.strip_chars().replace("", None))
    return kept.filter(pl.any_horizontal(pl.col(cells).is_not_null())).select(*cells, LINE)


def _heading_row(raw: pl.DataFrame, sheet: Sheet, words: Words) -> int:
    for number, row in enumerate(raw.head(HEADING_ROWS).iter_rows()):
        known = {words.column_of(sheet.table, cell) for cell in row if cell} - {None}
        if len(known) >= 2:
            return number
    first = next((cell for row in raw.head(HEADING_ROWS).iter_rows() for cell in row if cell), "")
    expected = ", ".join(words.headings.get(sheet.table, {}))
    raise ImportRefused(sheet.label, f"no row of headings: got {first!r}, expected two of {expected} or their words")


def _names(row: tuple[str | None, ...]) -> dict[int, str]:
    """Place of a column to its heading; a heading that stands twice gets a number."""
    names: dict[int, str] = {}
    for place, cell in enumerate(row):
        name = (cell or "").strip()
        if name:
            again = sum(1 for other in names.values() if other.split("#")[0] == name)
            names[place] = f"{name}#{again + 1}" if again else name
    return names


def _open(path: Path) -> fastexcel.ExcelReader:
    try:
        return fastexcel.read_excel(path)
    except fastexcel.FastExcelError as exc:
        raise ImportRefused(path.name, f"not a readable workbook ({str(exc).splitlines()[0]})") from exc
