"""What was handed over against what is stored, to the sample."""

from anju_simulators.chaos.audit import (
    Happening,
    Reading,
    audit_counted,
    audit_dated,
    audit_events,
    within,
)

ONE = Reading("lift-01", "trips", 1_000_000, 5.0)
TWO = Reading("lift-01", "trips", 2_000_000, 6.0)
THREE = Reading("em-001", "count_0", 3_000_000, 16.0)


def test_a_sample_that_is_not_there_is_missing_and_one_that_was_only_offered_is_not() -> None:
    outcome = audit_dated([ONE, TWO, THREE], [ONE, TWO], [ONE])
    assert (outcome.produced, outcome.stored, outcome.missing, outcome.duplicated) == (2, 1, (TWO,), 0)


def test_a_row_with_another_value_is_not_the_sample() -> None:
    assert audit_dated([ONE], [ONE], [ONE._replace(value=5.5)]).missing == (ONE,)


def test_a_row_that_no_device_spoke_of_is_a_duplicate() -> None:
    assert audit_dated([ONE], [ONE], [ONE, ONE._replace(at_us=1_000_001)]).duplicated == 1


def test_a_value_without_a_clock_is_found_by_itself_and_may_be_stamped_a_little_later() -> None:
    row = THREE._replace(at_us=3_400_000)
    outcome = audit_counted([THREE], [THREE], [row], tolerance_us=500_000)
    assert (outcome.stored, outcome.missing, outcome.misdated) == (1, (), ())


def test_a_value_that_is_stored_twice_is_a_duplicate_and_one_of_another_hour_is_misdated() -> None:
    hour_later = THREE._replace(at_us=THREE.at_us + 3_600_000_000)
    twice = audit_counted([THREE], [THREE], [THREE, hour_later], tolerance_us=500_000)
    assert (twice.stored, twice.duplicated) == (1, 1)
    once = audit_counted([THREE], [THREE], [hour_later], tolerance_us=500_000)
    assert (once.stored, once.misdated) == (1, (hour_later,))


def test_an_event_is_there_once_or_it_is_lost_or_doubled_and_the_gateways_own_do_not_count() -> None:
    raised = Happening("door-01", "door.tamper", 1, "raise")
    cleared = raised._replace(at_us=2, state="clear")
    strange = raised._replace(at_us=3)
    silent = raised._replace(code="device.silent")
    assert audit_events([raised, cleared], [raised, cleared], [raised, silent]) == (2, (cleared,), 0)
    assert audit_events([raised], [raised], [raised, raised, strange]) == (1, (), 2)


def test_what_was_offered_only_is_unstored_and_not_missing() -> None:
    other = THREE._replace(value=17.0)
    outcome = audit_counted([THREE, other], [THREE], [], tolerance_us=0)
    assert (outcome.missing, outcome.unstored) == ((THREE,), (THREE, other))


def test_only_what_fell_into_the_time_of_a_full_disk_is_explained_by_it() -> None:
    assert within([ONE, TWO, THREE], [(1_500_000, 3_500_000)]) == (TWO, THREE)
    assert within([ONE, TWO, THREE], []) == ()
