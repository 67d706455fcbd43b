from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from anju_edge_agent.turns import Turns


def run_bus(turns: Turns[str], *, dead: set[str], until_s: float, answer_s: float, timeout_s: float) -> Counter[str]:
    """The turns that each got on a bus where an answer takes `answer_s` and the dead cost a time-out."""
    now_s, given_turns = 0.0, Counter[str]()
    while now_s < until_s:
        key = turns.take(now_s)
        if key is None:
            now_s += max(turns.wait_s(now_s), 0.001)
            continue
        given_turns[key] += 1
        started_s, now_s = now_s, now_s + (timeout_s if key in dead else answer_s)
        turns.done(key, started_s=started_s, now_s=now_s, answered=key not in dead)
    return given_turns


def test_each_device_gets_a_turn_a_period() -> None:
    turns = Turns({"a": 10.0, "b": 5.0}, now_s=0.0)
    counts = run_bus(turns, dead=set(), until_s=99.0, answer_s=0.1, timeout_s=1.0)
    assert counts == {"a": 10, "b": 20}


def test_a_late_turn_is_given_once_and_not_made_up_for() -> None:
    turns = Turns({"a": 1.0}, now_s=0.0)
    assert turns.take(100.0) == "a"
    turns.done("a", started_s=100.0, now_s=100.1, answered=True)
    assert turns.take(100.1) is None
    assert 0.8 < turns.wait_s(100.1) < 1.0


def test_a_turn_that_is_a_little_late_does_not_shift_those_after_it() -> None:
    turns = Turns({"a": 1.0}, now_s=0.0)
    assert turns.take(0.7) == "a"
    turns.done("a", started_s=0.7, now_s=0.8, answered=True)
    assert turns.take(1.0) == "a"


def test_dead_devices_do_not_slow_the_others() -> None:
    devices = {f"em-{number}": 5.0 for number in range(60)}
    dead = {f"em-{number}" for number in range(0, 60, 4)}
    healthy = run_bus(Turns(devices, now_s=0.0), dead=dead, until_s=300.0, answer_s=0.04, timeout_s=1.0)
    assert all(healthy[key] >= 56 for key in devices if key not in dead)


def test_a_dead_device_is_still_asked_on_a_bus_that_is_never_idle() -> None:
    devices = {f"em-{number}": 0.1 for number in range(60)}
    counts = run_bus(Turns(devices, now_s=0.0), dead={"em-7"}, until_s=60.0, answer_s=0.05, timeout_s=0.5)
    assert counts["em-7"] >= 10
    assert min(counts[key] for key in devices if key != "em-7") >= 17


def test_a_device_that_goes_on_failing_is_asked_ever_more_seldom_but_never_forgotten() -> None:
    often, seldom = Turns({"a": 1.0}, now_s=0.0), Turns({"a": 900.0}, now_s=0.0)
    first = run_bus(often, dead={"a"}, until_s=100.0, answer_s=0.01, timeout_s=0.1)["a"]
    later = run_bus(often, dead={"a"}, until_s=1_000.0, answer_s=0.01, timeout_s=0.1)["a"]
    assert 10 <= first <= 20
    assert 30 <= later <= 60
    assert run_bus(seldom, dead={"a"}, until_s=90_000.0, answer_s=0.01, timeout_s=0.1)["a"] == 100


def test_a_device_that_answers_again_is_asked_as_before() -> None:
    turns = Turns({"a": 1.0}, now_s=0.0)
    run_bus(turns, dead={"a"}, until_s=200.0, answer_s=0.01, timeout_s=0.1)
    assert run_bus(turns, dead=set(), until_s=300.0, answer_s=0.01, timeout_s=0.1)["a"] >= 60


@given(st.integers(1, 20), st.sets(st.integers(0, 19)))
def test_nobody_is_forgotten(count: int, dead: set[int]) -> None:
    devices = {str(number): 1.0 for number in range(count)}
    counts = run_bus(
        Turns(devices, now_s=0.0), dead={str(number) for number in dead}, until_s=60.0, answer_s=0.01, timeout_s=0.2
    )
    assert set(counts) == set(devices)
