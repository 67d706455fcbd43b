"""Numbered SQL files, applied in order, each in a transaction of its own, and never changed once applied.

`0002_telemetry.plain.sql` is for one flavour only; the flavour of a database is decided by its first
migration and stays.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Final

import psycopg
from psycopg.rows import class_row, scalar_row

from anju_platform.errors import MigrationError
from anju_platform.storage.queries import load_queries

LOCK_KEY: Final = 0x616E6A75
"""Advisory lock that one migrating program holds."""
_FILE = re.compile(r"^(?P<version>\d{4})_(?P<title>[a-z0-9_]+)(?:\.(?P<flavour>plain|timescale))?\.sql$")
_BOOKKEEPING: Final = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    flavour text NOT NULL CHECK (flavour IN ('plain', 'timescale')),
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class Flavour(StrEnum):
    PLAIN = "plain"
    """Native daily partitions; works on any PostgreSQL."""
    TIMESCALE = "timescale"
    """Hypertables of the TimescaleDB extension."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file; `flavour` is None where it is for both."""

    name: str
    flavour: Flavour | None
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """A row of schema_migration."""

    name: str
    checksum: str
    flavour: str


def read_migrations() -> tuple[Migration, ...]:
    """The migrations of this program in order; MigrationError when a file has no proper name."""
    folder = files("anju_platform.storage").joinpath("migrations")
    return tuple(
        _migration(entry.name, entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql")
    )


def _migration(name: str, text: str) -> Migration:
    found = _FILE.match(name)
    if found is None:
        raise MigrationError(f"{name}: expected a name like 0107_title.sql or 0107_title.plain.sql")
    return Migration(name, Flavour(found["flavour"]) if found["flavour"] else None, text)


def outstanding(
    migrations: Sequence[Migration], applied: Mapping[str, Applied], flavour: Flavour
) -> tuple[Migration, ...]:
    """The migrations that `flavour` still needs.

    MigrationError when an applied file was changed since, or is unknown to this program.
    """
    wanted = [migration for migration in migrations if migration.flavour in (None, flavour)]
    known = {migration.name: migration for migration in wanted}
    for name, row in applied.items():
        if name not in known:
            raise MigrationError(f"{name} was applied to this database, but this program does not have it: update it")
        if known[name].checksum != row.checksum:
            raise MigrationError(
                f"{name} was changed after it was applied: checksum {known[name].checksum[:12]}, "
                f"expected {row.checksum[:12]}; undo the change and add a new file"
            )
    return tuple(migration for migration in wanted if migration.name not in applied)


def choose_flavour(asked: str, *, applied: Iterable[Applied], available: bool) -> Flavour:
    """The flavour to use: the one that the database has, else `asked` (plain, timescale or auto)."""
    present = {row.flavour for row in applied}
    if present:
        flavour = Flavour(present.pop())
        if asked not in ("auto", flavour):
            raise MigrationError(f"flavour: got {asked!r}, expected {str(flavour)!r}, which this database already is")
        return flavour
    if asked == "auto":
        return Flavour.TIMESCALE if available else Flavour.PLAIN
    if asked == Flavour.TIMESCALE and not available:
        raise MigrationError("flavour: got 'timescale', but this server has no preloaded timescaledb extension")
    return Flavour(asked)


def migrate(conn: psycopg.Connection, *, flavour: str = "auto") -> tuple[str, ...]:
    """Bring the database to this program's schema; the names of the files that were applied now.

    `conn` must be in autocommit mode. Concurrent calls wait for each other.
    """
    conn.execute(load_queries("anju_platform.storage")["lock_session"], {"key": LOCK_KEY})
    try:
        return _migrate_locked(conn, flavour)
    finally:
        if not conn.closed:
            conn.execute(load_queries("anju_platform.storage")["unlock_session"], {"key": LOCK_KEY})


def _migrate_locked(conn: psycopg.Connection, asked: str) -> tuple[str, ...]:
    conn.execute(_BOOKKEEPING)
    applied = applied_migrations(conn)
    flavour = choose_flavour(asked, applied=applied.values(), available=_timescale_available(conn))
    pending = outstanding(read_migrations(), applied, flavour)
    for migration in pending:
        _apply(conn, migration, flavour)
    return tuple(migration.name for migration in pending)


def _apply(conn: psycopg.Connection, migration: Migration, flavour: Flavour) -> None:
    row = {"name": migration.name, "checksum": migration.checksum, "flavour": flavour}
    try:
        with conn.transaction():
            conn.execute(migration.text.encode())
            conn.execute(load_queries("anju_platform.storage")["record_migration"], row)
    except psycopg.Error as exc:
        raise MigrationError(f"{migration.name}: {exc}") from exc


def applied_migrations(conn: psycopg.Connection) -> dict[str, Applied]:
    """By name; empty for a database that was never migrated."""
    queries = load_queries("anju_platform.storage")
    with conn.cursor(row_factory=scalar_row) as scalars:
        if not scalars.execute(queries["has_bookkeeping"]).fetchone():
            return {}
    with conn.cursor(row_factory=class_row(Applied)) as cur:
        return {row.name: row for row in cur.execute(queries["applied_migrations"])}


def schema_is_current(conn: psycopg.Connection) -> bool:
    """Whether nothing is left to apply; MigrationError when program and database contradict each other."""
    applied = applied_migrations(conn)
    if not applied:
        return False
    flavour = choose_flavour("auto", applied=applied.values(), available=False)
    return not outstanding(read_migrations(), applied, flavour)


def flavour_of(conn: psycopg.Connection) -> Flavour:
    """The flavour of a migrated database; MigrationError when it was never migrated."""
    applied = applied_migrations(conn)
    if not applied:
        raise MigrationError("the database has no schema yet; run `anju migrate`")
    return choose_flavour("auto", applied=applied.values(), available=False)


def _timescale_available(conn: psycopg.Connection) -> bool:
    with conn.cursor(row_factory=scalar_row) as cur:
        return bool(cur.execute(load_queries("anju_platform.storage")["timescale_available"]).fetchone())
