"""Figures in documents, and what is calculated from them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.figures import Figure, Goal
from benchmarks.growth import Prices, Size, size_of, slopes
from benchmarks.tables import figures_of, filled, main, merged


def results() -> dict[str, Any]:
    """1 community stores 200 points/s, 50 store 10,000; ingest takes 4 % of a core and 53 %."""
    figures = [
        Figure("speed", "points/s", [30.0, 10.0, 20.0], "so", "COPY", [60.0, 10.0, 40.0], Goal("ratio", least=0.65)),
        Figure("bytes_timescale_10M", "bytes a point", [90.0], "so"),
        Figure("bytes_timescale_100M", "bytes a point", [100.0], "so"),
        Figure("rollup_timescale_100M", "bytes a rollup", [120.0], "so"),
    ]
    for count, stored, cpu in ((50, 10_000.0, 53.0), (1, 200.0, 4.0)):
        offered = {"communities": count, "offered": count * 200.0}
        figures += [
            Figure(f"scale_{count}_stored", "points/s", [stored], "so", more=offered),
            Figure(f"scale_{count}_receipt", "s", [0.05], "so", more=offered),
            Figure(f"scale_{count}_ledger", "bytes a point", [20.0], "so", more=offered),
        ]
        for name in ("ingest", "database", "broker"):
            share = cpu if name == "ingest" else 2.0
            figures.append(Figure(f"scale_{count}_{name}_cpu", "% of a core", [share], "so"))
            figures.append(Figure(f"scale_{count}_{name}_memory", "MB", [40.0], "so"))
    machine = {"at": "2026-03-01T00:00:00", "cores": 2, "cpu": "x", "memory_gb": 8, "python": "3", "load_at_start": [9]}
    absent = [{"name": "columnstore", "reason": "no licence"}]
    all_figures = [one.as_json() for one in figures]
    benchmarks = {"all": {"figures": all_figures, "absent": absent, "why_not": None}}
    return {"machine": machine, "quick": True, "benchmarks": benchmarks}


def place(names: str) -> str:
    return f"before\n<!-- bench: {names} -->\nold\n<!-- end -->\nafter\n"


def test_a_marked_place_is_filled_and_can_be_filled_again() -> None:
    once = filled(place("speed"), results())
    assert "| `speed` | 20 points/s | 3, 10 to 30 | 40 (COPY) | 0.50 | ratio >= 0.65, **missed** |" in once
    assert once.startswith("before\n")
    assert once.endswith("<!-- end -->\nafter\n")
    assert "old" not in once
    assert filled(once, results()) == once


def test_a_star_means_all_that_begin_so() -> None:
    text = filled(place("bytes_*"), results())
    assert [line.split("`")[1] for line in text.splitlines() if "`" in line] == [
        "bytes_timescale_10M",
        "bytes_timescale_100M",
    ]


def test_a_figure_that_is_missing_beside_others_is_named() -> None:
    with pytest.raises(KeyError, match="speeed"):
        filled(place("speed speeed"), results())


def test_a_place_that_the_run_had_nothing_to_do_with_keeps_what_it_says() -> None:
    for names in ("other", "other_*?"):
        assert filled(place(names), results()) == place(names)
    without = results()
    without["benchmarks"]["all"]["figures"] = [
        one for one in without["benchmarks"]["all"]["figures"] if not one["name"].startswith("bytes")
    ]
    assert filled(place("growth"), without) == place("growth")


def test_a_figure_that_may_be_missing_is_no_mistake() -> None:
    assert "`speed`" in filled(place("speed? other_*?"), results())


def test_a_smoke_run_and_what_is_missing_are_said() -> None:
    assert "**A smoke run (--quick), not a measurement.** 2026-03-01, load" in filled(place("speed"), results())
    text = filled(place("machine"), results())
    assert "`columnstore` was not measured: no licence" in text


def test_communities_are_listed_from_few_to_many() -> None:
    rows = [line for line in filled(place("communities"), results()).splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[1:]] == ["| 1", "| 50"]
    assert "10,000 of 10,000" in rows[2]


def test_growth_goes_on_from_the_line_through_what_was_measured() -> None:
    found = slopes(figures_of(results()))
    assert found["ingest"].core_s_a_point == pytest.approx(0.49 / 9_800)
    assert found["ingest"].cores(10_000) == pytest.approx(0.53)
    assert found["broker"].cores(1e6) == pytest.approx(0.02)
    row = next(line for line in filled(place("growth"), results()).splitlines() if line.startswith("| 7,000 | 1 min"))
    assert row.startswith("| 7,000 | 1 min | 233,333 | 23,333 |")
    # 233,333 points/s for 30 days at 100 bytes in the table and 20 in the ledger
    assert "| 72.6 TB |" in row


def test_a_size_adds_up() -> None:
    size = size_of(7_000, slopes(figures_of(results())), period_s=60, bytes_a_point=100, bytes_a_rollup=100, days=30)
    assert size.messages_per_s == pytest.approx(23_333, rel=1e-4)
    assert size.readings_tb == pytest.approx(233_333.3 * 86_400 * 30 * 100 / 1e12, rel=1e-4)
    assert size.rollups_tb == pytest.approx(7_000 * 2_000 * 24 * 365 * 100 / 1e12)


def test_planned_cores_leave_room_and_money_follows() -> None:
    size = Size(1, 1, 1, {"ingest": 0.6, "broker": 0.1}, 2.0, 1.0)
    assert size.planned_cores == 2 + 1
    assert size.month(Prices(core=10, terabyte=100)) == pytest.approx(330)


def test_without_the_scale_benchmark_nothing_is_calculated() -> None:
    with pytest.raises(KeyError, match="stored"):
        slopes({})


def test_of_two_runs_the_later_counts_and_one_smoke_run_makes_it_all_one() -> None:
    first = results()
    second = first | {"quick": False, "benchmarks": {"all": {"figures": [], "absent": [], "why_not": None}}}
    both = merged([first, second])
    assert both["quick"] is True
    assert both["benchmarks"]["all"]["figures"] == []


def test_the_program_writes_into_the_page_and_says_what_it_lacks(tmp_path: Path) -> None:
    source, page = tmp_path / "bench.json", tmp_path / "page.md"
    source.write_text(json.dumps(results()), encoding="utf-8")
    page.write_text(place("speed"), encoding="utf-8")
    done = CliRunner().invoke(main, ["--from", str(source), str(page)])
    assert done.exit_code == 0
    assert "`speed`" in page.read_text(encoding="utf-8")
    page.write_text(place("speed sped"), encoding="utf-8")
    done = CliRunner().invoke(main, ["--from", str(source), str(page)])
    assert (done.exit_code, "no figure sped" in done.output) == (1, True)
    assert page.read_text(encoding="utf-8") == place("speed sped")
