from anju_edge_agent.debounce import Change
from anju_edge_agent.silence import Silence

S = 1_000_000


def watch(*, silent: bool = False) -> Silence:
    return Silence(period_s=900, misses=3, now_us=0, silent=silent)


def test_a_device_that_is_asked_is_silent_after_as_many_misses_as_its_profile_says() -> None:
    silence = watch()
    assert [silence.missed(at * S) for at in (1, 2)] == [[], []]
    assert silence.missed(3 * S) == [Change(3 * S, raised=True)]
    assert silence.missed(4 * S) == []
    assert silence.heard(5 * S) == [Change(5 * S, raised=False)]


def test_an_answer_in_between_forgives_the_misses() -> None:
    silence = watch()
    silence.missed(1 * S)
    silence.missed(2 * S)
    assert silence.heard(3 * S) == []
    assert silence.missed(4 * S) == []


def test_a_device_that_reports_by_itself_is_silent_when_its_periods_went_by() -> None:
    silence = watch()
    silence.heard(100 * S)
    assert silence.advance(2_799 * S) == []
    assert silence.advance(2_900 * S) == [Change(2_800 * S, raised=True)]
    assert silence.advance(9_000 * S) == []


def test_no_device_is_blamed_for_a_time_in_which_nobody_listened() -> None:
    silence = watch()
    silence.forgive(10_000 * S)
    assert silence.advance(12_000 * S) == []


def test_a_device_that_was_silent_before_a_restart_is_cleared_when_it_speaks() -> None:
    silence = watch(silent=True)
    assert silence.advance(90_000 * S) == []
    assert silence.heard(90_001 * S) == [Change(90_001 * S, raised=False)]
