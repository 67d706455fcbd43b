import numpy as np

from anju_ml.hazard import EDGES
from anju_ml.signature import shared_names
from benchmarks.experience import EVERY_BEFORE, EVERY_ELSE, rows_of, table, thinned


def test_thinned_rows_stand_for_all() -> None:
    whole = rows_of(30, 200, "", seed=3)
    kept = thinned(whole, np.random.default_rng(1))
    before, kept_before = whole.failed_within(EDGES[-1]), kept.failed_within(EDGES[-1])
    assert len(kept.weights) < len(whole.weights) / EVERY_BEFORE
    assert abs(kept.weights[kept_before].sum() / whole.weights[before].sum() - 1.0) < 0.25
    assert abs(kept.weights[~kept_before].sum() / whole.weights[~before].sum() - 1.0) < 0.25
    assert set(kept.weights[kept_before]) <= set(whole.weights * EVERY_BEFORE)
    assert set(kept.weights[~kept_before]) <= set(whole.weights * EVERY_ELSE)


def test_the_file_names_its_columns_and_rounds_their_values() -> None:
    rows = thinned(rows_of(30, 200, "readings", seed=4), np.random.default_rng(1))
    written = table(rows)
    assert written.columns == [*shared_names()[0], "fails_in", "known_for", "weight"]
    assert np.allclose(written.select(shared_names()[0]).to_numpy(), rows.values, rtol=1e-3, equal_nan=True)
    assert np.allclose(written["fails_in"].to_numpy(), rows.fails_in, rtol=1e-6)
