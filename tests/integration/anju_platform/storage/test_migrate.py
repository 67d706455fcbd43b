from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from anju_platform.errors import MigrationError
from anju_platform.storage.migrate import flavour_of, migrate, read_migrations, schema_is_current
from anju_simulators.services import Flavour, Postgres


@pytest.fixture
def empty_url(database_server: Postgres) -> str:
    database_server.drop_database("anju_empty")
    return database_server.create_database("anju_empty")


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def test_auto_takes_timescale_where_the_server_has_it(empty_url: str, flavour: Flavour) -> None:
    with connect(empty_url) as conn:
        assert not schema_is_current(conn)
        with pytest.raises(MigrationError, match="no schema yet"):
            flavour_of(conn)
        applied = migrate(conn)
        assert len(applied) == len([one for one in read_migrations() if one.flavour in (None, flavour)])
        assert flavour_of(conn) == flavour
        assert schema_is_current(conn)
        assert migrate(conn) == ()


def test_programs_that_migrate_at_once_wait_for_each_other(empty_url: str, flavour: Flavour) -> None:
    def run(_: int) -> int:
        with connect(empty_url) as conn:
            return len(migrate(conn, flavour=flavour))

    with ThreadPoolExecutor(3) as pool:
        counts = sorted(pool.map(run, range(3)))
    assert counts[:2] == [0, 0]
    assert counts[2] > 0


def test_a_database_whose_migration_differs_is_left_alone(database_url: str) -> None:
    with connect(database_url) as conn:
        conn.execute("UPDATE schema_migration SET checksum = 'other' WHERE name LIKE '0001%'")
        with pytest.raises(MigrationError, match=r"0001_registry\.sql was changed after it was applied"):
            migrate(conn)
        with pytest.raises(MigrationError):
            schema_is_current(conn)


def test_a_migration_that_fails_leaves_nothing_behind_and_is_named(empty_url: str, flavour: Flavour) -> None:
    with connect(empty_url) as conn:
        conn.execute("CREATE TABLE point (id bigint)")
        with pytest.raises(MigrationError, match=r"0001_registry\.sql: .*point"):
            migrate(conn, flavour=flavour)
        found = conn.execute("SELECT to_regclass('community'), to_regclass('gateway')").fetchone()
        assert found == (None, None)
        conn.execute("DROP TABLE point")
        assert migrate(conn, flavour=flavour)
