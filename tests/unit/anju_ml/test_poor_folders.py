"""Folders that something is wrong with: each gets a plain answer and no tickets, never a traceback."""

import csv
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from anju_ml.cli import main

ASSETS = "asset_id,kind,model,installed_on\n"
READINGS = "asset_id,ts,load,heat\n"
REPAIRS = "asset_id,opened_at,closed_at,component,action,cause,fault_code,fault_found\n"
EVENTS = "asset_id,ts,code,severity,state\n"
START = datetime(2024, 1, 1, tzinfo=UTC)
Files = dict[str, str | bytes]


def presses(*, assets: int = 4, days: int = 100, failures: int = 4) -> Files:
    """A readable folder, too poor by its few failures, so that nothing is ever trained."""
    rng = random.Random(1)
    moments = [(START + timedelta(days=day, hours=6)).isoformat() for day in range(days)]
    failed = sorted(rng.randrange(days * 4 // 10) for _ in range(failures))
    return {
        "assets.csv": ASSETS + "".join(f"m{n},press,a,2020-01-01\n" for n in range(assets)),
        "readings.csv": READINGS
        + "".join(f"m{n},{at},{rng.random():.3f},{20 + rng.random():.3f}\n" for n in range(assets) for at in moments),
        "repairs.csv": REPAIRS
        + "".join(
            f"m{number % assets},{START + timedelta(days=day, hours=9):%Y-%m-%dT%H:%M:%SZ},"
            f"{START + timedelta(days=day, hours=15):%Y-%m-%dT%H:%M:%SZ},ram,replace,corrective,,true\n"
            for number, day in enumerate(failed)
        ),
    }


@dataclass(frozen=True)
class Case:
    """`change` makes the folder; the command ends with `exit_code` and says each of `says`."""

    change: Callable[[Files], Files]
    says: tuple[str, ...]
    options: tuple[str, ...] = ()
    exit_code: int = 0


def added(**rows: str) -> Callable[[Files], Files]:
    """The readable folder with further rows; a file that isn't there begins with them."""
    return lambda files: (
        files
        | {
            f"{name}.csv": str(files.get(f"{name}.csv", EVENTS if name == "events" else "")) + row
            for name, row in rows.items()
        }
    )


def instead(**texts: str | bytes) -> Callable[[Files], Files]:
    return lambda files: files | {f"{name}.csv": text for name, text in texts.items()}


def everywhere(change: Callable[[str], str | bytes]) -> Callable[[Files], Files]:
    return lambda files: {name: change(str(text)) for name, text in files.items()}


def replaced(name: str, old: str, new: str) -> Callable[[Files], Files]:
    return lambda files: files | {f"{name}.csv": str(files[f"{name}.csv"]).replace(old, new)}


def no_values(files: Files) -> Files:
    rows = str(files["readings.csv"]).splitlines()[1:]
    return presses(failures=30) | {"readings.csv": READINGS + "".join(f"{row.rsplit(',', 2)[0]},,\n" for row in rows)}


FEW = "4 failures (corrective repairs with a fault found)"
EMPTY = "the file is empty; expected a first line with the names of columns"

CASES: Mapping[str, Case] = {
    "no failures": Case(lambda _: presses(failures=0), ("0 failures", "8 are needed")),
    "few failures": Case(lambda files: files, (FEW, "8 are needed")),
    "one asset": Case(lambda _: presses(assets=1), ("1 asset(s) on record; 3 are needed",)),
    "ten days": Case(lambda _: presses(days=10), ("45 are needed",)),
    "headers alone": Case(
        instead(assets=ASSETS, readings=READINGS, repairs=REPAIRS), ("the history has no record with a time",)
    ),
    "no value in any reading": Case(no_values, ("no reading with a value and no event",)),
    "a date before the first record": Case(
        lambda files: files, ("reaches back 0 days before 2020-01-01",), ("--from", "2020-01-01")
    ),
    "a date after the last record": Case(lambda _: presses(failures=30), ("no day after",), ("--from", "2031-01-01")),
    "a repair of the year 2098": Case(
        lambda _: added(repairs="m1,2098-02-10,2098-02-11,ram,replace,corrective,,true\n")(presses(failures=30)),
        ("the last record is dated 2098-02-11, which may be wrong",),
    ),
    "a horizon shorter than the lead": Case(
        lambda files: files,
        ("field horizon: got '12:00:00', expected longer than the lead",),
        ("--horizon", "12h"),
        exit_code=1,
    ),
    "assets without kind": Case(
        instead(assets="asset_id\nm0\nm1\nm2\nm3\n"), ("no column kind; taken as 'asset'", FEW)
    ),
    "an asset twice": Case(added(assets="m0,press,b,\n"), ("assets.csv:6: asset m0 stands here twice", FEW)),
    "readings of an unknown asset": Case(
        added(readings="zz,2024-01-01T00:00:00Z,1,2\n"), ("readings.csv:402: asset zz is not in assets", FEW)
    ),
    "a repair closed before it opened": Case(
        added(repairs="m1,2024-02-10,2024-02-09,ram,replace,corrective,,true\n"),
        ("repairs.csv:6: closed before it was opened", FEW),
    ),
    "a reading of the year 3000": Case(
        added(readings="m1,3000-03-01T00:00:00Z,1,2\n"), ("readings.csv:402: ts 3000-03-01 is not within 1990", FEW)
    ),
    "a repair of the year 1900": Case(
        added(repairs="m1,1900-02-10,,ram,replace,corrective,,true\n"),
        ("repairs.csv:6: opened_at 1900-02-10 is not within 1990", FEW),
    ),
    "a cause in another word": Case(
        replaced("repairs", "corrective", "urgent"),
        ("cause 'urgent' (4 rows with such); expected corrective or preventive", "0 failures"),
    ),
    "a cause in capitals": Case(replaced("repairs", "corrective", "Corrective"), (FEW,)),
    "a finding in another word": Case(
        replaced("repairs", "true", "perhaps"), ("repairs.csv:2: fault_found perhaps can't be read",)
    ),
    "a row of ten megabytes": Case(
        added(readings="m1,2024-03-01T00:00:00Z," + "1," * 5_000_000 + "\n"),
        ("readings.csv:402: 5000003 fields where the header has 4 fields", FEW),
    ),
    "a quotation mark that is never closed": Case(
        added(events='m1,2024-01-03,"E1,minor,raise\nm1,2024-01-04,E2,minor,raise\n'),
        ("events.csv:2: 3 fields where the header has 5 fields", FEW),
    ),
    "quoted rows with other fields": Case(
        added(events='m1,2024-01-03,"E1",minor,raise,more\nm1,2024-01-04,"E\n2",minor,raise\n'),
        ("events.csv:2: 6 fields where the header has 5 fields", FEW),
    ),
    "a byte order mark": Case(everywhere(lambda text: b"\xef\xbb\xbf" + text.encode()), (FEW,)),
    "semicolons": Case(everywhere(lambda text: text.replace(",", ";")), (FEW,)),
    "tabs in UTF-16": Case(everywhere(lambda text: text.replace(",", "\t").encode("utf-16")), (FEW,)),
    "lines that end as on Windows": Case(everywhere(lambda text: text.replace("\n", "\r\n")), (FEW,)),
    "GBK": Case(everywhere(lambda text: text.replace("press", "冲压机").encode("gbk")), (FEW,)),
    "no text at all": Case(instead(repairs=b"\xff\x81\xff"), ("neither UTF-8 nor GB 18030 text",), exit_code=1),
    "an empty file of assets": Case(instead(assets=""), ("assets.csv: " + EMPTY,), exit_code=1),
    "an empty file of events": Case(instead(events="\n\n"), ("events.csv: " + EMPTY,), exit_code=1),
    "a column twice": Case(replaced("readings", "heat", "load"), ("column 'load' stands twice",), exit_code=1),
    "no column of assets": Case(
        replaced("repairs", "asset_id", "device"),
        ("repairs.csv: column asset_id is missing; the file has device, opened_at",),
        exit_code=1,
    ),
}


@pytest.fixture
def backtest(tmp_path: Path) -> Callable[..., Result]:
    def call(files: Mapping[str, str | bytes], *options: str) -> Result:
        folder = tmp_path / "history"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        written = ["--tickets", str(tmp_path / "tickets.csv"), "--json", str(tmp_path / "report.json")]
        return CliRunner().invoke(main, ["backtest", "--history", str(folder), *written, *options])

    return call


def one_line(output: str) -> str:
    """Without the line breaks of a narrow terminal."""
    return " ".join(output.split())


@pytest.mark.parametrize("name", CASES)
def test_a_poor_folder_gets_a_plain_answer_and_no_tickets(
    backtest: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    result = backtest(case.change(presses()), *case.options)
    assert result.exit_code == case.exit_code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    for text in case.says:
        assert text in one_line(result.output)
    tickets = tmp_path / "tickets.csv"
    if case.exit_code:
        assert not tickets.exists()
        return
    assert list(csv.DictReader(tickets.read_text().splitlines())) == []
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["too_poor"]
    assert all(row["file"] and row["reason"] for row in report["import"]["refused"])


def test_parquet_of_other_types_is_read_and_what_holds_no_numbers_is_told(
    backtest: Callable[..., Result], tmp_path: Path
) -> None:
    files = presses()
    readings = pl.read_csv(str(files.pop("readings.csv")).encode()).with_columns(
        pl.col("ts")
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%z")
        .dt.convert_time_zone("Asia/Shanghai")
        .dt.cast_time_unit("ns"),
        pl.col("asset_id").cast(pl.Categorical),
        pl.col("load").cast(pl.Float32),
        pl.col("heat").cast(pl.Decimal(10, 3)),
        pl.lit([1.0]).alias("wave"),
        pl.lit(b"ab").alias("picture"),
    )
    (tmp_path / "history").mkdir()
    readings.write_parquet(tmp_path / "history" / "readings.parquet")
    result = backtest(files)
    assert result.exit_code == 0, result.output
    said = one_line(result.output)
    assert "readings.parquet: columns without numbers left out: picture, wave" in said
    assert FEW in said
    readings.with_columns(pl.lit([1]).alias("asset_id")).write_parquet(tmp_path / "history" / "readings.parquet")
    refused = backtest(files)
    assert refused.exit_code == 1
    assert "column asset_id is of type List(Int64), expected String" in one_line(refused.output)
