import numpy as np
import pytest

from anju_ml.board import FIRST, FRESH, LONG, MOST_NATS, PEERS, STATISTICS, WEEK, Board, learn_board
from anju_ml.counted import excess
from anju_ml.grid import Floats
from anju_ml.signature import DOWN, EITHER, PEERED_FROM, UP, Signature, learn_signature

NAMES = ("quiet:held7", "restless:held7", "event E4:odd7")


def calm() -> Floats:
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 1, (4000, 3))
    rows[:, 1] *= np.where(rng.random(4000) < 0.1, 8, 1)
    rows[:, 2] = np.where(rng.random(4000) < 0.05, np.abs(rows[:, 2]), 0)
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def board() -> Board:
    return learn_board(NAMES, ("quiet", "restless"), ("E4",), calm())


def week(board: Board, *values: float) -> list[float]:
    found: list[float] = board.surprise(np.array([values], np.float32))[0, :, WEEK].tolist()
    return found


def test_the_same_deviation_surprises_more_where_calm_days_know_it_less(board: Board) -> None:
    quiet, restless, code = week(board, 6.0, 6.0, 3.0)
    assert quiet > restless > 2
    assert code > 3
    assert board.codes == (False, False, True)


def test_surprise_has_the_sign_of_the_deviation_grows_with_it_and_has_an_end(board: Board) -> None:
    found = [week(board, value, 0.0, 0.0)[0] for value in (-1e6, -6.0, -2.0, 0.0, 2.0, 6.0, 1e6)]
    assert found == sorted(found)
    assert found[3] == 0
    assert found[-1] == MOST_NATS == -found[0]


def test_what_is_missing_or_was_never_seen_says_nothing(board: Board) -> None:
    assert week(board, np.nan, 0.0, 0.0) == [0, 0, 0]
    empty = learn_board(NAMES, ("quiet", "restless"), ("E4",), calm()[:10])
    assert week(empty, 9.0, 9.0, 9.0) == [0, 0, 0]


def test_without_a_repair_the_long_past_stands_in_for_the_weeks_after_it() -> None:
    rows = np.random.default_rng(2).normal(0, 1, (4000, 2)).astype(np.float32)
    found = learn_board(("quiet:long", "quiet:fresh"), ("quiet",), (), rows)
    repaired, never = found.surprise(np.array([[4.0, -6.0], [4.0, np.nan]], np.float32))[:, 0]
    assert repaired[FRESH] < 0 < repaired[LONG]
    assert never[FRESH] == never[LONG] == repaired[LONG]


def learned(board: Board, ends: list[list[float]], component: str = "valve") -> Signature:
    surprise = np.zeros((len(ends), 3, len(STATISTICS)), np.float32)
    surprise[:, :, WEEK] = np.array(ends).reshape(-1, 3)
    return learn_signature(board, surprise, np.arange(len(ends)), component, base_rate=-6.0)


@pytest.mark.parametrize(
    ("ends", "form"),
    [([6.0, 7.0, 8.0, 6.0], UP), ([-6.0, -7.0, -8.0, -6.0], DOWN), ([7.0, -8.0, 8.0, -7.0], EITHER)],
)
def test_a_signature_knows_which_way_a_point_moves_before_failures(board: Board, ends: list[float], form: int) -> None:
    found = learned(board, [[end, 0.1, 0.0] for end in ends])
    assert found.forms[0] == form
    assert found.weights[0] == pytest.approx(1)
    before, other = np.zeros((2, 1, 3, len(STATISTICS)), np.float32)
    other[0, 1] = 9.0
    before[:, 0] = ends[0]
    assert found.evidence(before)[0, WEEK] == pytest.approx(1, abs=0.6)
    assert found.likeness(before)[0] > 0.5 > found.likeness(other)[0]


def test_a_signature_goes_by_the_past_that_tells_slow_wear(board: Board) -> None:
    surprise = np.zeros((4, 3, len(STATISTICS)), np.float32)
    surprise[:, 0, WEEK], surprise[:, 0, FRESH] = 1.0, 8.0
    surprise[:, 1, WEEK] = 6.0
    found = learn_signature(board, surprise, np.arange(4), "valve", base_rate=-6.0)
    assert found.references[:2].tolist() == [FRESH, WEEK]
    assert found.weights[0] > found.weights[1] > 0
    assert found.evidence(surprise)[:, -1].min() > 2 * found.evidence(surprise)[:, WEEK].max()
    assert found.lasting_evidence(surprise)[:, 0].tolist() == found.evidence(surprise)[:, -1].tolist()


def test_only_many_failures_make_a_signature_go_by_the_first_weeks_or_by_peers(board: Board) -> None:
    surprise = np.zeros((PEERED_FROM, 3, len(STATISTICS)), np.float32)
    surprise[:, 0, LONG], surprise[:, 0, FIRST], surprise[:, 1, PEERS] = 5.0, 8.0, 6.0
    many, few = (
        learn_signature(board, surprise[:count], np.arange(count), "valve", base_rate=-6.0)
        for count in (PEERED_FROM, PEERED_FROM - 1)
    )
    assert many.references[:2].tolist() == [FIRST, PEERS]
    assert few.references[0] == LONG
    assert few.weights[1] == 0


def test_evidence_that_quiet_days_often_show_is_less_rare(board: Board) -> None:
    found = learned(board, [[6.0, 0.0, 0.0]] * 5)
    rng = np.random.default_rng(3)
    calm = np.zeros((3000, 3, len(STATISTICS)), np.float32)
    restless = calm.copy()
    restless[:, 0, WEEK] = np.where(rng.random(3000) < 0.1, 6.0, 0.0)
    before = np.zeros((1, 3, len(STATISTICS)), np.float32)
    before[0, 0, WEEK] = 6.0
    rare, common = (
        found.with_rarity(days, np.ones(3000)).rarity.nats_of(found.looks(before))[0, 0] for days in (calm, restless)
    )
    assert rare > common == pytest.approx(-np.log(0.1), abs=0.3)


def test_a_single_small_deviation_makes_no_signature(board: Board) -> None:
    assert learned(board, [[0.5, -0.4, 0.0]]).weights.sum() == 0


def test_without_failures_a_name_alike_is_all_there_is(board: Board) -> None:
    assert learned(board, [], "quiet_pump").weights.tolist() == [1, 0, 0]
    assert learned(board, [], "valve").weights.sum() == 0


def test_counts_below_what_is_expected_are_no_excess() -> None:
    found = excess(np.array([0, 1, 5, 50]), np.array([2.0, 2.0, 2.0, 2.0]))
    assert found[0] == found[1] == 0
    assert 0 < found[2] < found[3]
