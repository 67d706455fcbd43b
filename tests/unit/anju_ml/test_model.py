from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import polars as pl
import pytest

from anju_ml.artifact import dump, load
from anju_ml.errors import ArtifactRefused, TooPoor
from anju_ml.explain import falls_by_source
from anju_ml.failures import find_failures
from anju_ml.grid import daily_grids
from anju_ml.history import EVENTS, History, empty
from anju_ml.model import Model, Risk, train
from anju_ml.policy import Policy
from anju_ml.predicting import predict_block
from anju_ml.prepare import full_matrix, full_sources
from anju_ml.state import FORMAT
from anju_ml.training import DIRECT_FAILURES, OWN_FAILURES

DAY = timedelta(days=1)


def train_at(history: History, as_of: datetime, **options: Any) -> Model:
    settings = {"horizon": 30 * DAY, "lead": DAY, "policy": Policy(), **options}
    return train(history, as_of=as_of, **settings)


def auc(risks: list[Risk], failures: pl.DataFrame, as_of: datetime, component: str) -> float:
    soon = failures.filter(
        (pl.col("onset") >= as_of) & (pl.col("onset") < as_of + 30 * DAY) & (pl.col("component") == component)
    )
    failing = set(soon["asset_id"].to_list())
    own = [risk for risk in risks if risk.component == component]
    positive = np.array([risk.p_30d for risk in own if risk.asset_id in failing])
    negative = np.array([risk.p_30d for risk in own if risk.asset_id not in failing])
    return float((positive[:, None] > negative[None, :]).mean())


@pytest.fixture(scope="module")
def risks(model: Model, fleet: History, as_of: datetime) -> list[Risk]:
    return model.predict(fleet, as_of=as_of)


def test_every_component_of_every_asset_gets_a_risk(risks: list[Risk], fleet: History) -> None:
    assert len(risks) == 18 * 2 + 12
    assert {(risk.kind, risk.component) for risk in risks} == {("pump", "fan"), ("pump", "seal"), ("gate", "hinge")}


def test_wear_is_foreseen_before_it_fails(risks: list[Risk], fleet: History, as_of: datetime) -> None:
    failures = find_failures(fleet)
    assert auc(risks, failures, as_of, "seal") > 0.8
    assert auc(risks, failures, as_of, "hinge") > 0.8


def test_longer_horizons_never_have_lower_probabilities(risks: list[Risk]) -> None:
    for risk in risks:
        assert 0 <= risk.p_24h <= risk.p_72h <= risk.p_7d <= risk.p_30d <= 1
        assert risk.low <= risk.p_30d <= risk.high


def test_the_expected_time_of_a_likely_failure_lies_ahead(risks: list[Risk], as_of: datetime) -> None:
    likely = [risk for risk in risks if risk.p_30d > 0.6]
    assert likely
    assert all(risk.expected_at is not None and as_of <= risk.expected_at <= as_of + 30 * DAY for risk in likely)
    assert all(risk.expected_at is None for risk in risks if risk.p_30d < 0.2)


def test_a_likely_failure_names_the_point_that_shows_it(risks: list[Risk], as_of: datetime) -> None:
    worst = max((risk for risk in risks if risk.component == "seal"), key=lambda risk: risk.p_30d)
    sources = [reason.source for reason in worst.reasons]
    assert {"leak_ml", "P7"} & set(sources)
    reason = worst.reasons[0]
    assert reason.until == as_of
    assert reason.since < reason.until
    assert reason.zh
    assert reason.en
    assert all(risk.reasons == () for risk in risks if risk.p_30d < 0.1)


def test_setting_a_named_source_back_to_normal_lowers_the_probability(
    model: Model, fleet: History, as_of: datetime
) -> None:
    known = fleet.known_at(as_of).tidy()
    grid = daily_grids(known, anchor=as_of)["pump"]
    block = predict_block(model.kinds["pump"], known, grid, np.array([grid.days]))
    target = model.kinds["pump"].targets["seal"]
    row = int(block.p["seal"][:, 0, -1].argmax())
    values = full_matrix(block.features, "seal", np.array([row]), np.array([0]))
    falls = falls_by_source(target, values, full_sources(block.features))
    source = max(falls, key=lambda name: float(falls[name][0]))
    assert falls[source][0] > 0.5
    columns = [index for index, name in enumerate(full_sources(block.features)) if name == source]
    values[:, columns] = target.usual[columns]
    before = block.p["seal"][row, 0, -1]
    assert target.calibrator.apply(target.predict(values)[0])[0, -1] < before


def test_nothing_is_said_of_the_days_before_the_first_is_over(model: Model, fleet: History, as_of: datetime) -> None:
    known = fleet.known_at(as_of).tidy()
    grid = daily_grids(known, anchor=as_of)["pump"]
    block = predict_block(model.kinds["pump"], known, grid, np.array([-3, 0, 40]))
    for name, observed in block.observed.items():
        assert observed.any(axis=0).tolist() == [False, False, True], name
        assert not block.p[name][:, :2].any()


def thinned(history: History, since: datetime, among: pl.Expr) -> History:
    """`history` without four in ten of its readings from `since` on that are `among` those that may go."""
    rng = np.random.default_rng(3)
    gap = [
        frame.filter(~((pl.col("ts") >= since) & among & pl.Series(rng.random(len(frame)) < 0.4)))
        for frame in history.readings
    ]
    return replace(history, readings=tuple(gap))


def levelled(history: History, since: datetime) -> History:
    """`history` with gauges that stand still from `since` on, so that any reading left tells what the others told."""
    frames = []
    for frame in history.readings:
        gauges = [name for name in ("leak_ml", "heat", "swing_s") if name in frame.columns]
        late = pl.col("ts") >= since
        still = [
            pl.when(late).then(pl.col(name).filter(late).mean().over("asset_id")).otherwise(name) for name in gauges
        ]
        frames.append(frame.with_columns(each.alias(name) for name, each in zip(gauges, still, strict=True)))
    return replace(history, readings=tuple(frames))


def test_a_gap_among_readings_that_all_say_the_same_is_no_signal(model: Model, fleet: History, as_of: datetime) -> None:
    still = levelled(fleet, as_of - 4 * DAY)
    whole = model.predict(still, as_of=as_of)
    afternoons = pl.col("ts").dt.hour() == 12
    holey = model.predict(thinned(still, as_of - 4 * DAY, afternoons), as_of=as_of)
    moved = [abs(new.p_30d - old.p_30d) for new, old in zip(holey, whole, strict=True)]
    assert max(moved) < 0.05


def test_gaps_at_random_raise_no_more_than_they_lower(
    model: Model, fleet: History, risks: list[Risk], as_of: datetime
) -> None:
    changed = model.predict(thinned(fleet, as_of - 4 * DAY, pl.lit(True)), as_of=as_of)
    moved = [new.p_30d - old.p_30d for new, old in zip(changed, risks, strict=True)]
    assert abs(np.mean(moved)) < 0.03
    assert np.mean(np.abs(moved)) < 0.03


def test_what_comes_after_as_of_is_ignored(model: Model, fleet: History, risks: list[Risk], as_of: datetime) -> None:
    assert model.predict(fleet.known_at(as_of), as_of=as_of) == risks


def test_the_same_seed_gives_the_same_model(model: Model, fleet: History, risks: list[Risk], as_of: datetime) -> None:
    again = train_at(fleet, as_of)
    assert again.predict(fleet, as_of=as_of) == risks
    assert again.metrics == model.metrics


def test_a_model_survives_its_artifact(model: Model, fleet: History, risks: list[Risk], as_of: datetime) -> None:
    found = load(dump(model))
    assert found.predict(fleet, as_of=as_of) == risks
    assert found.policy == model.policy
    assert found.metrics == model.metrics
    assert (found.opens_tickets, found.why_not, found.trained_at) == (
        model.opens_tickets,
        model.why_not,
        model.trained_at,
    )


def archive(**arrays: object) -> bytes:
    file = BytesIO()
    np.savez(file, allow_pickle=True, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return file.getvalue()


def archive_of(text: bytes) -> bytes:
    return archive(state=np.frombuffer(text, np.uint8))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        archive(other=1),
        archive_of(b"no json"),
        archive_of(b"[1]"),
        archive_of(b'{"format": 99}'),
        archive_of(b'{"format": %d}' % FORMAT),
        archive_of(b'{"format": %d, "shared": {"array": "7"}}' % FORMAT),
    ],
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactRefused):
        load(data)


def test_a_damaged_artifact_is_refused(model: Model) -> None:
    whole = dump(model)
    with ZipFile(BytesIO(whole)) as archive:
        place = archive.getinfo("state.npy").header_offset + 200
    damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
    for data in (damaged, whole[:place], whole[:-1]):
        with pytest.raises(ArtifactRefused):
            load(data)


class Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return self.file.touch, ()


def test_loading_runs_no_code(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    hostile = archive(state=np.array([Runs(proof)], object))
    with pytest.raises(ArtifactRefused):
        load(hostile)
    assert not proof.exists()
    with np.load(BytesIO(hostile), allow_pickle=True) as trusting:
        _ = trusting["state"]
    assert proof.exists()


def test_assets_without_any_reading_for_weeks_are_not_scored(model: Model, fleet: History, as_of: datetime) -> None:
    asset = fleet.readings[0]["asset_id"][0]
    silent = fleet.readings[0].filter((pl.col("asset_id") != asset) | (pl.col("ts") < as_of - 30 * DAY))
    found = model.predict(replace(fleet, readings=(silent, fleet.readings[1])), as_of=as_of)
    assert asset not in {risk.asset_id for risk in found}


def test_a_new_asset_gets_a_risk_on_its_first_days(model: Model, fleet: History, as_of: datetime) -> None:
    asset = fleet.readings[0]["asset_id"][0]
    fresh = fleet.readings[0].filter((pl.col("asset_id") != asset) | (pl.col("ts") >= as_of - 2 * DAY))
    found = model.predict(replace(fleet, readings=(fresh, fleet.readings[1])), as_of=as_of)
    assert asset in {risk.asset_id for risk in found}


def test_a_kind_that_training_never_met_gets_no_risk(model: Model, fleet: History, as_of: datetime) -> None:
    renamed = fleet.assets.with_columns(pl.col("kind").replace("gate", "hatch"))
    kinds = {risk.kind for risk in model.predict(replace(fleet, assets=renamed), as_of=as_of)}
    assert kinds == {"pump"}


def test_events_alone_are_enough(fleet: History, as_of: datetime) -> None:
    history = replace(fleet, readings=(), complaints=fleet.complaints.clear())
    risks = train_at(history, as_of).predict(history, as_of=as_of)
    assert auc(risks, find_failures(history), as_of, "seal") > 0.7
    assert any(reason.source == "P7" for risk in risks for reason in risk.reasons)


def test_readings_alone_are_enough(fleet: History, as_of: datetime) -> None:
    history = replace(fleet, events=empty(EVENTS), complaints=fleet.complaints.clear())
    risks = train_at(history, as_of).predict(history, as_of=as_of)
    assert auc(risks, find_failures(history), as_of, "seal") > 0.7


def test_a_short_horizon_changes_no_probability(fleet: History, as_of: datetime) -> None:
    week, month = (
        np.array(
            [[risk.p_7d, risk.p_30d] for risk in train_at(fleet, as_of, horizon=days * DAY).predict(fleet, as_of=as_of)]
        )
        for days in (7, 30)
    )
    np.testing.assert_allclose(week, month, rtol=1e-6)


def test_a_longer_horizon_has_its_own_last_interval(fleet: History, as_of: datetime) -> None:
    model = train_at(fleet, as_of, horizon=60 * DAY, seed=1)
    assert model.kinds["pump"].targets["seal"].edges[-1] == 60.0
    assert all(risk.p_7d <= risk.p_30d for risk in model.predict(fleet, as_of=as_of))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda history, as_of: replace(history, repairs=history.repairs.clear()), "0 failures"),
        (lambda history, as_of: replace(history, assets=history.assets.head(1)), "1 asset"),
        (
            lambda history, as_of: replace(history, readings=(), events=history.events.clear()),
            "no reading and no event",
        ),
        (
            lambda history, as_of: replace(
                history, assets=history.assets.with_columns(pl.col("asset_id").alias("kind")).head(4)
            ),
            "no two assets",
        ),
    ],
)
def test_what_is_too_poor_says_why(
    fleet: History, as_of: datetime, spoil: Callable[[History, datetime], History], reason: str
) -> None:
    with pytest.raises(TooPoor, match=reason):
        train_at(spoil(fleet, as_of), as_of)


def test_an_only_asset_of_its_kind_that_fails_often_is_learned_from_with_the_others(
    make_fleet: Callable[..., Any], as_of: datetime
) -> None:
    history = make_fleet(pumps=1, gates=6, days=230, every_h=24, life_days=12).build()
    model = train_at(history, as_of)
    assert model.kinds["pump"].targets["seal"].failures >= OWN_FAILURES
    assert model.kinds["pump"].targets["seal"].weights == {"shared": 1.0}
    assert {risk.kind for risk in model.predict(history, as_of=as_of)} == {"pump", "gate"}


def test_a_component_that_fails_often_is_told_by_every_sort_of_members_and_a_rare_one_by_the_shared_alone(
    model: Model,
) -> None:
    targets = [target for kind in model.kinds.values() for target in kind.targets.values()]
    often = [target for target in targets if target.failures >= OWN_FAILURES]
    assert often
    assert all(set(target.weights) == {"shared", "own", "direct"} for target in often)
    assert all(set(target.weights) == {"shared"} for target in targets if target.failures < DIRECT_FAILURES)
    assert all(sum(target.weights.values()) == pytest.approx(1.0) for target in targets)


def test_ten_days_are_too_few(fleet: History, as_of: datetime) -> None:
    first = fleet.readings[0]["ts"].min()
    assert isinstance(first, datetime)
    with pytest.raises(TooPoor, match="10 days"):
        train_at(fleet, first + 10 * DAY)


def test_failures_that_nothing_foretells_open_no_ticket(make_fleet: Callable[..., Any], as_of: datetime) -> None:
    history = make_fleet(pumps=20, gates=0, days=260, every_h=24).build()
    blind = replace(
        history, repairs=history.repairs.filter(pl.col("component") == "fan"), complaints=history.complaints.clear()
    )
    model = train_at(blind, as_of)
    assert not model.opens_tickets
    assert model.why_not
