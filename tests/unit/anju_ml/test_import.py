from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from anju_ml.errors import ImportRefused
from anju_ml.history import History, read_history

ASSETS = "asset_id,kind,model,installed_on\nl1,crane,x,2020-01-01\nl2,crane,x,\n"
REPAIRS = "asset_id,opened_at,closed_at,component,action,cause,fault_code,fault_found\n"
REPAIR = "l1,2024-01-05T10:00:00Z,2024-01-05T12:00:00Z,winch,replace,corrective,,true\n"
EVENTS = "asset_id,ts,code,severity,state\nl1,2024-01-05T09:00:00Z,E1,minor,raise\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets.csv").write_text(ASSETS)
    (tmp_path / "repairs.csv").write_text(REPAIRS + REPAIR)
    (tmp_path / "events.csv").write_text(EVENTS)
    return tmp_path


def test_a_folder_comes_back_as_it_was_written(fleet: History, write_folder: Callable[[History], Path]) -> None:
    history, report = read_history(write_folder(fleet))
    assert history.repairs.equals(fleet.repairs)
    assert history.events.equals(fleet.events)
    assert all(mine.equals(theirs) for mine, theirs in zip(history.readings, fleet.readings, strict=True))
    assert report.refused == ()


def test_parquet_with_naive_times_and_numbers_is_read_as_utc(folder: Path) -> None:
    frame = pl.DataFrame(
        {"asset_id": ["l1"], "ts": [datetime(2024, 1, 1, 8)], "load": pl.Series([3], dtype=pl.Int32)}  # noqa: DTZ001
    )
    frame.write_parquet(folder / "readings.parquet")
    history, _ = read_history(folder)
    assert history.readings[0].row(0) == ("l1", datetime(2024, 1, 1, 8, tzinfo=UTC), 3.0)


def test_an_empty_text_of_a_parquet_file_is_as_empty_as_one_of_a_csv_file(folder: Path) -> None:
    (folder / "repairs.csv").unlink()
    pl.DataFrame(
        {
            "asset_id": ["l1", ""],
            "opened_at": ["2024-01-05T09:00:00Z", "2024-01-06T09:00:00Z"],
            "closed_at": ["", ""],
            "component": ["door_motor", "door_motor"],
            "action": ["replace", "replace"],
            "cause": ["corrective", "corrective"],
            "fault_code": [" ", ""],
            "fault_found": ["", ""],
        }
    ).write_parquet(folder / "repairs.parquet")
    history, report = read_history(folder)
    assert [(each.file, each.line, each.reason) for each in report.refused] == [
        ("repairs.parquet", 3, "asset_id is empty")
    ]
    kept = history.repairs.row(0, named=True)
    assert (kept["fault_code"], kept["closed_at"], kept["fault_found"]) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-05T09:00:00Z", datetime(2024, 1, 5, 9, tzinfo=UTC)),
        ("2024-01-05 09:00:00", datetime(2024, 1, 5, 9, tzinfo=UTC)),
        ("2024-01-05T17:00:00+08:00", datetime(2024, 1, 5, 9, tzinfo=UTC)),
        ("2024-01-05T17:00:00.250+0800", datetime(2024, 1, 5, 9, 0, 0, 250000, tzinfo=UTC)),
        ("2024/1/5 9:00", datetime(2024, 1, 5, 9, tzinfo=UTC)),
        ("2024年1月5日", datetime(2024, 1, 5, tzinfo=UTC)),
        ("1704445200", datetime(2024, 1, 5, 9, tzinfo=UTC)),
        ("1704445200000", datetime(2024, 1, 5, 9, tzinfo=UTC)),
    ],
)
def test_times_are_understood_as_people_write_them(folder: Path, text: str, moment: datetime) -> None:
    (folder / "events.csv").write_text(f"asset_id,ts,code\nl1,{text},E1\nl1,2024-02-01,E2\n")
    history, _ = read_history(folder)
    assert history.events["ts"].to_list()[0] == moment


def test_every_bad_row_is_reported_by_file_line_and_reason(folder: Path) -> None:
    (folder / "events.csv").write_text(
        "asset_id,ts,code,severity,state\n"
        "l1,2024-01-05T09:00:00Z,E1,minor,raise\n"
        "l1,yesterday,E1,minor,raise\n"
        "l1,2024-01-05T09:00:00Z,E1\n"
        "nobody,2024-01-05T09:00:00Z,E1,minor,raise\n"
        "l1,2024-01-06T09:00:00Z,,minor,raise\n"
    )
    (folder / "repairs.csv").write_text(
        REPAIRS + REPAIR + "l1,2024-01-05T10:00:00Z,2024-01-04T12:00:00Z,winch,replace,corrective,,maybe\n"
    )
    history, report = read_history(folder)
    found = {(row.file, row.line): row.reason for row in report.refused}
    assert found == {
        ("events.csv", 3): "ts yesterday can't be read",
        ("events.csv", 4): "3 fields where the header has 5 fields",
        ("events.csv", 5): "asset nobody is not in assets",
        ("events.csv", 6): "code is empty",
        ("repairs.csv", 3): "fault_found maybe can't be read",
    }
    assert len(history.events) == 1
    assert report.rows == {"assets.csv": 2, "repairs.csv": 1, "events.csv": 1}


def test_a_bad_row_stops_the_import_when_asked(folder: Path) -> None:
    (folder / "events.csv").write_text("asset_id,ts,code\nl1,never,E1\n")
    with pytest.raises(ImportRefused, match=r"events\.csv:2: ts never can't be read"):
        read_history(folder, on_bad_row="stop")


def test_a_broken_reading_is_refused_and_the_others_are_kept(folder: Path) -> None:
    (folder / "readings.csv").write_text(
        "asset_id,ts,load,note\nl1,2024-01-01T00:00:00Z,3.5,fine\nl1,2024-01-01T01:00:00Z,3..5,\n"
        "l1,2024-01-01T02:00:00Z,,odd\nl9,2024-01-01T02:00:00Z,1,odd\nl1,2024-01-01T03:00:00Z,inf,\n"
    )
    history, report = read_history(folder)
    assert history.readings[0]["load"].to_list() == [3.5, None, None]
    assert [(row.line, row.reason) for row in report.refused] == [
        (3, "load 3..5 can't be read"),
        (5, "asset l9 is not in assets"),
    ]
    assert report.notes == ("readings.csv: columns without numbers left out: note",)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("broken", [False, True])
def test_a_large_table_is_read_in_parts_as_it_would_be_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, *, broken: bool
) -> None:
    (folder / "assets.csv").write_text(ASSETS + "d1,door,y,\n")
    rows = [
        ("d1", "2024-01-01T00:00:00Z", None, 4.0),
        ("l1", "2024-01-01T00:00:00Z", 1.0, None),
        ("gone", "2024-01-01T00:00:00Z", 1.0, None),
        ("l2", "2024-01-01T01:00:00Z", float("inf"), None),
        ("d1", "2024-01-01T01:00:00Z", None, 5.0),
        ("l1", "2024-01-02T00:00:00Z", 2.0, None),
        ("gone", "2024-01-02T00:00:00Z", 1.0, None),
    ]
    if broken:
        rows.append(("l2", None, 3.0, None))
    frame = pl.DataFrame(
        rows, schema={"asset_id": pl.String, "ts": pl.String, "load": pl.Float64, "gap": pl.Float64}, orient="row"
    )
    if suffix == "csv":
        frame.write_csv(folder / "readings.csv")
    else:
        frame.with_columns(pl.col("ts").str.to_datetime(time_zone="UTC")).write_parquet(folder / "readings.parquet")
    whole, told = read_history(folder)
    monkeypatch.setattr("anju_ml.readings.ROWS_AT_ONCE", 2)
    parts, told_of_parts = read_history(folder)
    assert told_of_parts == told
    assert {each.line for each in told.refused} == ({4, 8, 9} if broken else {4, 8})
    assert told.rows[f"readings.{suffix}"] == 5
    for mine, theirs in zip(parts.readings, whole.readings, strict=True):
        assert mine.equals(theirs)
    cranes, doors = whole.readings
    assert (cranes.columns, doors.columns) == (["asset_id", "ts", "load"], ["asset_id", "ts", "gap"])
    assert cranes["load"].to_list() == [1.0, None, 2.0]


def test_unknown_columns_are_kept_as_attributes_and_numbers_become_numbers(folder: Path) -> None:
    (folder / "assets.csv").write_text("asset_id,kind,floors,colour\nl1,crane,12,red\nl2,crane,9,blue\n")
    history, report = read_history(folder)
    assert history.assets["floors"].to_list() == [12.0, 9.0]
    assert report.attributes == {"assets.csv": ("floors", "colour")}
    assert "assets.csv: no column model; taken as ''" in report.notes


def test_spreadsheet_text_in_gb_18030_and_with_quotes_is_read(folder: Path) -> None:
    (folder / "assets.csv").write_bytes('asset_id,kind,model\nl1,crane,"沪宁, 二型"\n'.encode("gb18030"))
    history, _ = read_history(folder)
    assert history.assets["model"].to_list() == ["沪宁, 二型"]


def test_an_asset_listed_twice_counts_once(folder: Path) -> None:
    (folder / "assets.csv").write_text("asset_id,kind,installed_on\nl1,crane,2020-01-01\nl1,crane,2021-01-01\n")
    history, report = read_history(folder)
    assert history.assets["installed_on"].to_list() == [date(2020, 1, 1)]
    assert report.refused[0].reason == "asset l1 stands here twice"


@pytest.mark.parametrize("missing", ["assets.csv", "repairs.csv", "events.csv"])
def test_a_folder_without_a_needed_file_is_refused(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(ImportRefused):
        read_history(folder)


def test_what_is_no_table_is_refused_with_its_name(folder: Path) -> None:
    (folder / "events.parquet").write_bytes(b"PAR0 nonsense")
    with pytest.raises(ImportRefused, match=r"events\.parquet: not a readable Parquet file"):
        read_history(folder)
    (folder / "events.parquet").unlink()
    (folder / "events.csv").write_bytes(b"\xff\xff\xff")
    with pytest.raises(ImportRefused, match="neither UTF-8"):
        read_history(folder)
    (folder / "events.csv").write_text("")
    with pytest.raises(ImportRefused, match=r"events\.csv"):
        read_history(folder)
    (folder / "events.csv").write_text("asset_id,code\nl1,E1\n")
    with pytest.raises(ImportRefused, match="column ts is missing"):
        read_history(folder)


def test_a_table_of_readings_without_a_point_is_refused(folder: Path) -> None:
    (folder / "readings.csv").write_text("asset_id,ts\nl1,2024-01-01T00:00:00Z\n")
    with pytest.raises(ImportRefused, match="no column of a point"):
        read_history(folder)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="no such folder"):
        read_history(tmp_path / "nowhere")
