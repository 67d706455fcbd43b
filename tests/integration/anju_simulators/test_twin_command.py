"""`anju-simulate twin`, with the real prediction in a program of its own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from anju_simulators.cli import main

SMALL = (
    "--seeds=2", "--jobs=2", "--first-seed=40", "--train-seed=3", "--train-days=400", "--known-days=90", "--days=20",
    "--score-every=5", "--technicians=1",
)  # fmt: skip
SCENARIO = "lifts = 12\ndoors = 16\nelectric_meters = 0\nwater_meters = 0\nfailures = 3.0\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["twin", *arguments])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_communities_are_lived_twice_and_compared(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    done = run(*SMALL, "--scenario", str(tmp_path / "scenario.toml"), "--json", str(tmp_path / "twin.json"))
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "twin.json").read_bytes())
    assert [pair["seed"] for pair in found["pairs"]] == [40, 41]
    assert found["trained_on"] == {"seed": 3, "days": 400}
    measures = found["measures"]
    assert measures["failures"]["reactive"] > 0
    assert measures["visits_foreseen"]["reactive"] == 0 < measures["visits_foreseen"]["proactive"]
    low, high = measures["complaints"]["difference_95"]
    assert low <= measures["complaints"]["difference"] <= high


def test_a_model_may_not_learn_from_the_communities_that_judge_it() -> None:
    done = run("--first-seed=1", "--seeds=20", "--train-seed=7")
    assert done.exit_code == 2
    assert "--train-seed" in done.output


def test_a_history_too_poor_to_train_from_is_said(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("lifts = 3\ndoors = 0\nelectric_meters = 0\nwater_meters = 0\n")
    done = run(*SMALL, "--scenario", str(tmp_path / "scenario.toml"), "--train-days=60")
    assert done.exit_code == 1
    assert "failures" in done.output
