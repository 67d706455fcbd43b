"""Repair books as property companies keep them: Chinese headings, free text, times in several forms, Excel."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from anju_ml.cli import main
from anju_ml.errors import ImportRefused, WordsRefused
from anju_ml.history import read_history
from anju_ml.words import read_words

CELL = datetime(2024, 3, 1, 8, 5)  # noqa: DTZ001 a spreadsheet's cell has no zone
ASSETS = [
    ["锦绣花园设备台账"],
    [],
    ["序号", "设备编号", "设备类型", "规格型号", "投用日期", "设备名称"],
    [1, "DT-01", "客梯", "HA-10", date(2016, 5, 1), "1栋客梯"],
    [2, "MJ-02", "门禁", "KX-2", "2019年8月3日", "2栋单元门"],
    [3, "DB-03", "电表", "SDM630", "2018/1/2", "3栋总表"],
]
REPAIRS = [
    ["设备编号", "报修时间", "完成时间", "故障描述", "处理结果", "工单类型"],
    ["DT-01", CELL, "2024年3月1日 9时30分", "开关门异响", "更换门机皮带", "报修"],
    ["DT-01", 45352.25, "2024/3/2 下午3:05", "运行抖动", "调整导靴", "报修"],
    ["MJ-02", "20240304", None, "刷卡没反应", "误报,未见异常", "报修"],
    ["MJ-02", "2024-3-5 10:00", "2024-3-5 11:00", None, "月度保养,检查门锁", "保养"],
]
EVENTS = "asset_id,ts,code\nDT-01,2024-02-28T09:00:00Z,E1\n"


def write_book(path: Path, sheets: dict[str, Sequence[Sequence[Any]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_book(tmp_path / "锦绣花园.xlsx", {"设备清单": ASSETS, "2024年维修台账": REPAIRS, "说明": [["仅供参考"]]})
    (tmp_path / "events.csv").write_text(EVENTS)
    return tmp_path


def test_a_workbook_of_several_sheets_is_read_as_a_history(folder: Path) -> None:
    history, report = read_history(folder)
    assert history.assets.select("asset_id", "kind", "model", "installed_on").rows() == [
        ("DB-03", "electric_meter", "SDM630", date(2018, 1, 2)),
        ("DT-01", "lift", "HA-10", date(2016, 5, 1)),
        ("MJ-02", "door", "KX-2", date(2019, 8, 3)),
    ]
    assert history.assets["label_zh"].to_list()[1] == "1栋客梯"
    columns = ("asset_id", "opened_at", "component", "action", "cause", "fault_found")
    assert history.repairs.select(columns).rows() == [
        ("DT-01", datetime(2024, 2, 29, 22, 0, tzinfo=UTC), "guide_shoe", "adjust", "corrective", True),
        ("DT-01", datetime(2024, 3, 1, 0, 5, tzinfo=UTC), "door_operator", "replace", "corrective", True),
        ("MJ-02", datetime(2024, 3, 3, 16, 0, tzinfo=UTC), "reader", None, "corrective", False),
        ("MJ-02", datetime(2024, 3, 5, 2, 0, tzinfo=UTC), "lock", "inspect", "preventive", None),
    ]
    assert history.repairs["closed_at"].to_list()[0] == datetime(2024, 3, 2, 7, 5, tzinfo=UTC)
    assert report.refused == ()


def test_the_report_says_what_was_guessed(folder: Path) -> None:
    _, report = read_history(folder)
    notes = "\n".join(report.notes)
    assert "报修时间 as opened_at" in notes
    assert "times without an offset are taken as Asia/Shanghai" in notes
    assert "components from words: " in notes
    assert report.rows["锦绣花园.xlsx[2024年维修台账]"] == 4


def test_rows_that_are_of_no_use_are_listed_by_sheet_and_line(folder: Path) -> None:
    rows = [
        *REPAIRS,
        [],
        ["DT-01", "昨天", None, "门机坏", None, "报修"],
        ["DT-99", "2024-03-01", None, "小区停电", None, "报修"],
        ["DT-01", "2024-03-06", None, "说不清的毛病", None, "报修"],
        ["DT-01", "2024-03-07", "08:30", "门机坏", None, "报修"],
    ]
    write_book(folder / "锦绣花园.xlsx", {"设备清单": ASSETS, "维修台账": rows})
    _, report = read_history(folder)
    listed = {(row.line, row.reason) for row in report.refused}
    assert listed == {
        (7, "opened_at 昨天 can't be read"),
        (8, "asset DT-99 is not in assets"),
        (9, "component is empty"),
        (10, "closed_at 08:30 can't be read"),
    }
    assert {row.file for row in report.refused} == {"锦绣花园.xlsx[维修台账]"}
    assert any("texts without a known part (see --words): 说不清的毛病 (1)" in note for note in report.notes)


def test_books_of_several_years_are_one_table(folder: Path) -> None:
    write_book(
        folder / "2025维修记录.xlsx", {"Sheet1": [REPAIRS[0], ["DT-01", "2025-01-05", None, "抱闸异响", None, "报修"]]}
    )
    history, _ = read_history(folder)
    assert len(history.repairs) == 5
    assert "brake" in history.repairs["component"].to_list()


def test_a_csv_book_with_chinese_headings_in_gb18030_is_read_too(tmp_path: Path) -> None:
    with (tmp_path / "报修记录.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([REPAIRS[0], ["DT-01", "2024年3月1日8点", "", "变频器报故障", "更换", "急修"]])
    (tmp_path / "assets.csv").write_text("asset_id,kind\nDT-01,lift\n")
    (tmp_path / "events.csv").write_text(EVENTS)
    history, _ = read_history(tmp_path)
    assert history.repairs.select("opened_at", "component", "action").rows() == [
        (datetime(2024, 3, 1, 0, 0, tzinfo=UTC), "drive", "replace")
    ]


def test_the_formats_own_files_stay_in_utc_and_are_not_translated(tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text("asset_id,kind\nx,电梯\n")
    (tmp_path / "repairs.csv").write_text("asset_id,opened_at,component\nx,2024-01-01 08:00:00,门机\n")
    (tmp_path / "events.csv").write_text("asset_id,ts,code\nx,2024-01-01T00:00:00Z,E\n")
    history, _ = read_history(tmp_path)
    assert history.assets["kind"].to_list() == ["电梯"]
    assert history.repairs.select("opened_at", "component").row(0) == (datetime(2024, 1, 1, 8, tzinfo=UTC), "门机")


def test_readings_of_a_workbook_are_local_times_and_numbers(folder: Path) -> None:
    rows = [
        ["表号", "抄表时间", "active_energy_kwh"],
        ["DB-03", CELL, 12.5],
        ["DB-03", "2024-03-02", "x"],
    ]
    write_book(folder / "抄表记录.xlsx", {"Sheet1": rows})
    history, report = read_history(folder)
    assert history.readings[0].rows() == [("DB-03", datetime(2024, 3, 1, 0, 5, tzinfo=UTC), 12.5)]
    assert [(row.line, row.reason) for row in report.refused] == [(3, "active_energy_kwh x can't be read")]


def test_a_table_of_ones_own_words_explains_ones_own_books(folder: Path, tmp_path: Path) -> None:
    rows = [["Lift no.", "When", "What"], ["DT-01", "2024-03-01 08:00", "Türantrieb klemmt"]]
    write_book(folder / "锦绣花园.xlsx", {"设备清单": ASSETS, "Störungen": rows})
    own = tmp_path / "own.toml"
    own.write_text(
        'time_zone = "Europe/Berlin"\n[tables]\nassets = ["设备"]\nrepairs = ["störung"]\n'
        '[headings.assets]\nasset_id = ["设备编号"]\nkind = ["设备类型"]\n'
        '[headings.repairs]\nasset_id = ["lift no."]\nopened_at = ["when"]\ntext = ["what"]\n'
        '[components.any]\ndoor_operator = ["türantrieb"]\n'
    )
    history, _ = read_history(folder, words=read_words(own))
    assert history.repairs.select("opened_at", "component").rows() == [
        (datetime(2024, 3, 1, 7, tzinfo=UTC), "door_operator")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_zone = 3", "time_zone"),
        ('time_zone = "Mars/Olympus"', "Mars/Olympus"),
        ('time_zone = "UTC"\n[headings.lifts]\nx = ["y"]', "table 'lifts'; expected one of assets"),
        ('time_zone = "UTC"\nodd = 1', "odd"),
        ("no toml", "own.toml"),
    ],
)
def test_a_table_of_words_that_is_wrong_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(WordsRefused, match=message):
        read_words(tmp_path / "own.toml")


def test_a_sheet_without_headings_is_refused_with_what_was_expected(folder: Path) -> None:
    write_book(folder / "锦绣花园.xlsx", {"设备清单": ASSETS, "维修台账": [["今年没有维修"]]})
    with pytest.raises(ImportRefused, match=r"锦绣花园.xlsx\[维修台账\]: no row of headings: got '今年没有维修'"):
        read_history(folder)


def test_a_file_that_is_no_workbook_is_named(folder: Path) -> None:
    (folder / "维修.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ImportRefused, match=r"维修\.xlsx: not a readable workbook"):
        read_history(folder)


def test_the_command_takes_the_words(folder: Path, write_folder: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("time_zone = 3")
    done = CliRunner().invoke(main, ["backtest", "--history", str(folder), "--words", str(tmp_path / "own.toml")])
    assert done.exit_code == 1
    assert "time_zone" in done.output
