import pytest

from anju_platform.errors import MigrationError
from anju_platform.storage.migrate import (
    Applied,
    Flavour,
    Migration,
    _migration,
    choose_flavour,
    outstanding,
    read_migrations,
)

BOTH = Migration("0001_a.sql", None, "SELECT 1")
PLAIN = Migration("0002_b.plain.sql", Flavour.PLAIN, "SELECT 2")
TIMESCALE = Migration("0002_b.timescale.sql", Flavour.TIMESCALE, "SELECT 3")


def applied(*migrations: Migration, flavour: str = "plain") -> dict[str, Applied]:
    return {one.name: Applied(one.name, one.checksum, flavour) for one in migrations}


def test_every_file_of_this_program_has_a_proper_name_and_a_place_in_the_order() -> None:
    names = [migration.name for migration in read_migrations()]
    assert names == sorted(names)
    assert names[0].startswith("0001_")


def test_a_file_without_a_number_is_refused() -> None:
    with pytest.raises(MigrationError, match=r"telemetry\.sql: expected a name like 0107_title\.sql"):
        _migration("telemetry.sql", "")


def test_only_files_of_the_flavour_are_outstanding() -> None:
    assert outstanding([BOTH, PLAIN, TIMESCALE], {}, Flavour.PLAIN) == (BOTH, PLAIN)
    assert outstanding([BOTH, PLAIN, TIMESCALE], applied(BOTH), Flavour.TIMESCALE) == (TIMESCALE,)


def test_a_file_that_was_changed_after_it_was_applied_is_named() -> None:
    changed = Migration(BOTH.name, None, "SELECT 'other'")
    with pytest.raises(MigrationError, match=r"0001_a\.sql was changed after it was applied: checksum"):
        outstanding([changed], applied(BOTH), Flavour.PLAIN)


def test_a_database_newer_than_the_program_is_refused() -> None:
    with pytest.raises(MigrationError, match=r"0002_b\.plain\.sql was applied .* does not have it"):
        outstanding([BOTH], applied(BOTH, PLAIN), Flavour.PLAIN)


@pytest.mark.parametrize(
    ("asked", "available", "chosen"),
    [("auto", True, "timescale"), ("auto", False, "plain"), ("plain", True, "plain"), ("timescale", True, "timescale")],
)
def test_a_new_database_gets_the_flavour_that_was_asked_for(asked: str, available: bool, chosen: str) -> None:
    assert choose_flavour(asked, applied=[], available=available) == chosen


def test_timescale_can_not_be_had_where_the_server_lacks_it() -> None:
    with pytest.raises(MigrationError, match="no preloaded timescaledb"):
        choose_flavour("timescale", applied=[], available=False)


def test_a_database_keeps_its_flavour() -> None:
    rows = applied(BOTH, PLAIN).values()
    assert choose_flavour("auto", applied=rows, available=True) is Flavour.PLAIN
    with pytest.raises(MigrationError, match="expected 'plain', which this database already is"):
        choose_flavour("timescale", applied=rows, available=True)
