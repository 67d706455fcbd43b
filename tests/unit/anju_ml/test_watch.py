"""Prediction that follows a community day by day, told line by line."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from anju_ml.cli import main
from anju_ml.decide import OpenTicket, decide
from anju_ml.errors import QuestionRefused
from anju_ml.history import History
from anju_ml.model import Model
from anju_ml.watch import Question, Watcher, converse


@pytest.fixture
def told(fleet: History, as_of: datetime) -> tuple[History, History]:
    """What is known at `as_of`, and what the ten days after it bring."""
    later = as_of + timedelta(days=10)
    known, more = fleet.known_at(as_of), fleet.known_at(later)
    since = pl.col("ts") >= as_of
    fresh = replace(
        more,
        readings=tuple(frame.filter(since) for frame in more.readings),
        events=more.events.filter(since),
        repairs=more.repairs.filter(pl.col("closed_at") >= as_of),
        complaints=more.complaints.filter(since),
    )
    return known, fresh


def test_told_piece_by_piece_it_says_what_it_would_say_of_the_whole(
    model: Model, fleet: History, told: tuple[History, History], as_of: datetime, write_folder: Callable[..., Path]
) -> None:
    known, fresh = told
    later = as_of + timedelta(days=10)
    answer = Watcher(model, known).answer(Question(later, str(write_folder(fresh))))
    whole = decide(
        model.predict(fleet, as_of=later), policy=model.policy, as_of=later, open_problems=(), recently_closed={}
    )
    expected = [(each.risk.asset_id, each.risk.component) for each in whole if isinstance(each, OpenTicket)]
    assert expected
    assert [(row["asset_id"], row["component"]) for row in answer["tickets"]] == expected


def test_a_problem_that_has_a_ticket_gets_no_other(model: Model, fleet: History, as_of: datetime) -> None:
    watcher = Watcher(model, fleet)
    first = watcher.answer(Question(as_of))["tickets"][0]
    again = watcher.answer(Question(as_of, open=[(first["asset_id"], None)]))["tickets"]
    assert first["asset_id"] not in {row["asset_id"] for row in again}


def test_it_introduces_itself_with_its_prices_and_answers_line_by_line(
    model: Model, fleet: History, as_of: datetime
) -> None:
    lines = converse(Watcher(model, fleet), [json.dumps({"as_of": as_of.isoformat()})])
    hello, answer = (json.loads(line) for line in lines)
    assert hello["policy"]["costs"]["lift"]["reactive"] > hello["policy"]["costs"]["lift"]["planned"]
    assert answer["tickets"]
    assert answer["tickets"][0]["reasons"]


def test_it_names_the_kinds_that_its_training_never_met_and_opens_no_ticket_for_them(
    model: Model, fleet: History, as_of: datetime
) -> None:
    renamed = replace(fleet, assets=fleet.assets.with_columns(pl.col("kind").replace("pump", "elevator")))
    watcher = Watcher(model, renamed)
    assert Watcher(model, fleet).hello()["unknown_kinds"] == []
    assert watcher.hello()["unknown_kinds"] == ["elevator"]
    unknown = set(renamed.assets.filter(pl.col("kind") == "elevator")["asset_id"])
    assert not unknown & {row["asset_id"] for row in watcher.answer(Question(as_of))["tickets"]}


@pytest.mark.parametrize("line", ["no json", '{"as_of": "yesterday"}', '{"as_of": "2024-01-01T00:00:00Z", "x": 1}'])
def test_a_line_that_is_no_question_is_refused_with_the_field(model: Model, fleet: History, line: str) -> None:
    answers: Iterator[str] = converse(Watcher(model, fleet), [line])
    next(answers)
    with pytest.raises(QuestionRefused, match="question: got"):
        next(answers)


def test_train_writes_a_model_that_watch_can_use(
    fleet: History, as_of: datetime, tmp_path: Path, write_folder: Callable[[History], Path]
) -> None:
    folder, model = write_folder(fleet), tmp_path / "model.npz"
    options = ["--history", str(folder), "--model", str(model)]
    trained = CliRunner().invoke(main, ["train", *options, "--as-of", as_of.date().isoformat()])
    assert trained.exit_code == 0, trained.output
    question = json.dumps({"as_of": as_of.isoformat()}) + "\n"
    answered = CliRunner().invoke(main, ["watch", *options], input=question)
    assert answered.exit_code == 0, answered.output
    assert json.loads(answered.output.splitlines()[1])["tickets"]


def test_a_file_that_is_no_model_is_named(fleet: History, tmp_path: Path, write_folder: Callable[..., Path]) -> None:
    (tmp_path / "model.npz").write_bytes(b"no model")
    folder = write_folder(fleet)
    answered = CliRunner().invoke(main, ["watch", "--history", str(folder), "--model", str(tmp_path / "model.npz")])
    assert answered.exit_code == 1
    assert "not a readable model" in answered.output
