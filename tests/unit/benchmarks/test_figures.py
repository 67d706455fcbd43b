"""How runs become figures, and figures a table."""

import io

import pytest
from rich.console import Console

from benchmarks.catalogue import CATALOGUE, Benchmark, chosen
from benchmarks.figures import Figure, Goal, NotMeasuredError, alternate, percentile
from benchmarks.gateway_faults import rate_between
from benchmarks.report import number, print_table
from benchmarks.stage import Bench


def figure(**more: object) -> Figure:
    return Figure("speed", "points/s", [30.0, 10.0, 20.0], "so", **more)  # type: ignore[arg-type]


def test_reference_and_ours_take_turns() -> None:
    order: list[str] = []

    def run(who: str) -> float:
        order.append(who)
        return float(len(order))

    found = alternate(2, lambda: run("reference"), lambda: run("ours"))
    assert order == ["reference", "ours", "reference", "ours"]
    assert found == ([1.0, 3.0], [2.0, 4.0])


def test_the_ratio_is_of_pairs_and_judged_by_the_goal() -> None:
    one = figure(reference="COPY", reference_runs=[60.0, 10.0, 40.0], goal=Goal("ratio", least=0.65))
    assert (one.median, one.reference_median, one.ratio, one.met) == (20.0, 40.0, 0.5, False)
    assert one.as_json()["spread"] == [10.0, 30.0]


@pytest.mark.parametrize(("goal", "met"), [(Goal("median", least=20), True), (Goal("median", most=19), False)])
def test_a_goal_without_a_reference_judges_the_median(goal: Goal, *, met: bool) -> None:
    assert figure(goal=goal).met is met


def test_without_a_goal_nothing_is_judged() -> None:
    assert (figure().met, figure().ratio, figure().reference_median) == (None, None, None)


@pytest.mark.parametrize(("percent", "expected"), [(50, 5), (99, 10), (100, 10), (10, 1), (0, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(10, 0, -1)], percent) == expected


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (123456.7, "123,457"), (12.345, "12.3"), (0.01234, "0.0123"), (123.4, "123")]
)
def test_numbers_show_the_digits_that_say_something(value: float, text: str) -> None:
    assert number(value) == text


def test_a_name_chooses_itself_and_its_variants_and_a_wrong_one_is_refused() -> None:
    assert [one.name for one in chosen(["ingest"])] == ["ingest_500", "ingest_1"]
    assert [one.name for one in chosen(["ingest_1"])] == ["ingest_1"]
    assert chosen([]) == list(CATALOGUE)
    with pytest.raises(KeyError):
        chosen(["ingest", "ingestion"])


def test_a_benchmark_that_is_not_here_says_so(tmp_path: object) -> None:
    with pytest.raises(NotMeasuredError, match=r"benchmarks\.nowhere"):
        list(Benchmark("x", "x", "nowhere:run").run(Bench(True, tmp_path)))  # type: ignore[arg-type]


def test_the_table_shows_what_was_missed_and_what_was_not_measured() -> None:
    text = io.StringIO()
    one = figure(reference="COPY", reference_runs=[60.0, 10.0, 40.0], goal=Goal("ratio", least=0.65))
    machine = {"cores": 2, "cpu": "x", "memory_gb": 8, "load_at_start": [0.1], "python": "3", "database_flavours": []}
    benchmarks = {
        "a": {"figures": [one.as_json()], "absent": [{"name": "c", "reason": "no licence"}], "why_not": None},
        "b": {"figures": [], "absent": [], "why_not": "no broker"},
    }
    results = {"quick": True, "machine": machine, "benchmarks": benchmarks}
    print_table(Console(file=text, width=160), results)
    assert "0.50" in text.getvalue()
    assert "MISSED" in text.getvalue()
    assert "b was not measured: no broker" in text.getvalue()
    assert "c was not measured: no licence" in text.getvalue()


def test_the_rate_of_a_share_of_a_count_is_found_between_looks() -> None:
    counted = [(0.0, 100), (1.0, 200), (2.0, 400), (6.0, 500)]
    assert rate_between(counted, 0.0, 0.25) == pytest.approx(100)
    assert rate_between(counted, 0.25, 0.75) == pytest.approx(200)
    assert rate_between(counted, 0.75, 1.0) == pytest.approx(25)
