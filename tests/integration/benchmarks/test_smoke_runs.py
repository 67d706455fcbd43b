"""`make bench ARGS=--quick` measures the real programs; what it finds is nobody's promise."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benchmarks.__main__ import main


def run(*arguments: str, json_file: Path) -> tuple[Result, dict[str, Any]]:
    done = CliRunner().invoke(main, ["--quick", *arguments, "--json", str(json_file)])
    return done, json.loads(json_file.read_text(encoding="utf-8"))


def figures(results: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = results["benchmarks"][name]
    assert found["why_not"] is None
    return list(found["figures"])


def test_the_outbox_is_measured_beside_plain_sqlite(tmp_path: Path) -> None:
    done, results = run("--only", "outbox", json_file=tmp_path / "bench.json")
    assert done.exit_code == 0
    found = figures(results, "outbox")
    assert [one["name"] for one in found] == ["outbox_1", "outbox_1_packed", "outbox_4", "outbox_4_packed"]
    assert all(min(one["runs"]) > 0 and len(one["runs"]) == len(one["reference_runs"]) == 2 for one in found)
    assert "packed beforehand" in done.output
    assert [one["met"] for one in found] == [None] * 4  # a smoke run judges nothing


@pytest.mark.mosquitto
def test_ingest_is_measured_beside_copy_with_every_row_in_the_database(tmp_path: Path) -> None:
    done, results = run("--only", "ingest_500", json_file=tmp_path / "bench.json")
    assert done.exit_code == 0
    (found,) = figures(results, "ingest_500")
    assert found["ratio"] > 0
    assert results["machine"]["cores"] >= 1
    assert results["quick"] is True


def test_a_benchmark_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    done = CliRunner().invoke(main, ["--only", "nothing"])
    assert done.exit_code == 2
    assert "ingest_500" in done.output
