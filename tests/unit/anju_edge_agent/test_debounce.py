import itertools

from hypothesis import given
from hypothesis import strategies as st

from anju_edge_agent.debounce import Change, Debounce, Debouncer

S = 1_000_000

rules = st.builds(
    Debounce,
    hold_s=st.sampled_from([0.0, 5.0, 45.0]),
    clear_after_s=st.sampled_from([0.0, 15.0]),
    count=st.integers(1, 4),
    window_s=st.just(10.0),
    min_on_s=st.sampled_from([0.0, 20.0]),
    min_off_s=st.sampled_from([0.0, 30.0]),
)
reports = st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=40)


def play(debouncer: Debouncer, *steps: tuple[float, bool]) -> list[tuple[float, bool]]:
    changes = [change for at_s, active in steps for change in debouncer.observe(round(at_s * S), active)]
    return [(change.at_us / S, change.raised) for change in changes]


def test_without_rules_an_alarm_follows_its_condition() -> None:
    assert play(Debouncer(Debounce()), (1, True), (2, True), (3, False), (4, False)) == [(1, True), (3, False)]


def test_a_stop_outside_the_zone_counts_only_after_45_seconds() -> None:
    debouncer = Debouncer(Debounce(hold_s=45))
    assert play(debouncer, (0, True), (30, True), (40, False)) == []
    assert play(debouncer, (50, True), (94, True)) == []
    assert debouncer.advance(100 * S) == [Change(95 * S, raised=True)]


def test_overspeed_is_six_samples_in_ten_seconds_and_clears_after_fifteen() -> None:
    debouncer = Debouncer(Debounce(count=6, window_s=10, clear_after_s=15))
    assert play(debouncer, *[(at, True) for at in (0, 3, 6, 9, 12, 15)]) == []
    assert play(debouncer, *[(at, True) for at in (16, 17, 18, 19)]) == [(18, True)]
    assert play(debouncer, (20, False), (34, False), (36, False)) == [(35, False)]


def test_three_door_cycles_in_fifteen_seconds_are_an_alarm_that_thirty_quiet_seconds_end() -> None:
    debouncer = Debouncer(Debounce(count=3, window_s=15, clear_after_s=30))
    pulses = [change for at_s in (0, 5, 10, 20) for change in debouncer.pulse(at_s * S)]
    assert pulses == [Change(10 * S, raised=True)]
    assert debouncer.advance(49 * S) == []
    assert debouncer.advance(60 * S) == [Change(50 * S, raised=False)]


def test_a_flap_shorter_than_the_least_time_on_does_not_end_the_alarm() -> None:
    debouncer = Debouncer(Debounce(min_on_s=10))
    assert play(debouncer, (0, True), (3, False), (4, True), (20, False)) == [(0, True), (20, False)]


def test_a_cleared_alarm_stays_away_for_the_least_time_off() -> None:
    debouncer = Debouncer(Debounce(min_off_s=60))
    assert play(debouncer, (0, True), (1, False), (2, True)) == [(0, True), (1, False)]
    assert debouncer.advance(61 * S) == [Change(61 * S, raised=True)]


def test_an_alarm_that_was_raised_before_a_restart_is_cleared_once() -> None:
    debouncer = Debouncer(Debounce(), raised=True)
    assert play(debouncer, (5, False), (6, False)) == [(5, False)]


def test_a_report_from_before_the_last_change_does_not_turn_time_back() -> None:
    assert play(Debouncer(Debounce()), (10, True), (4, False)) == [(10, True), (10, False)]


@given(rules, reports, st.booleans())
def test_raises_and_clears_alternate_and_never_go_back_in_time(
    rule: Debounce, steps: list[tuple[int, bool]], raised: bool
) -> None:
    debouncer = Debouncer(rule, raised=raised)
    changes = [change for at_s, active in steps for change in debouncer.observe(at_s * S, active)]
    assert [change.raised for change in changes] == [(index % 2 == 0) != raised for index in range(len(changes))]
    assert all(before.at_us <= after.at_us for before, after in itertools.pairwise(changes))
    for before, after in itertools.pairwise(changes):
        least_s = rule.min_on_s if before.raised else rule.min_off_s
        assert after.at_us - before.at_us >= least_s * S


@given(rules, reports, st.lists(st.integers(0, 300), max_size=20))
def test_looking_at_the_clock_in_between_changes_nothing(
    rule: Debounce, steps: list[tuple[int, bool]], looks: list[int]
) -> None:
    steps = sorted(steps, key=lambda step: step[0])
    plain, watched = Debouncer(rule), Debouncer(rule)
    expected = [change for at_s, active in steps for change in plain.observe(at_s * S, active)]
    seen: list[Change] = []
    for at_s, active in steps:
        for look_s in sorted(look for look in looks if look <= at_s):
            seen += watched.advance(look_s * S)
        looks = [look for look in looks if look > at_s]
        seen += watched.observe(at_s * S, active)
    assert seen == expected
