"""What SQLite and the disk say, in the gateway's terms: a broken file, or a disk that takes nothing for now."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from anju_gateway.errors import CorruptOutboxError

DISK_FULL, READ_ONLY, DISK_ERROR = "disk_full", "disk_read_only", "disk_error"
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_BY_SQLITE: Final = MappingProxyType(
    {sqlite3.SQLITE_FULL: DISK_FULL, sqlite3.SQLITE_READONLY: READ_ONLY, sqlite3.SQLITE_CANTOPEN: READ_ONLY}
)
_BY_ERRNO: Final = MappingProxyType(
    {errno.ENOSPC: DISK_FULL, errno.EDQUOT: DISK_FULL, errno.EFBIG: DISK_FULL, errno.EROFS: READ_ONLY}
)


def reason_of(exc: sqlite3.Error | OSError) -> str:
    """Why the disk takes nothing: one of the reasons for which an account counts drops."""
    if isinstance(exc, OSError):
        return _BY_ERRNO.get(exc.errno or 0, DISK_ERROR)
    return _BY_SQLITE.get(getattr(exc, "sqlite_errorcode", 0) & 0xFF, DISK_ERROR)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that commits only when told to and syncs every commit to the disk. It keeps 256 KiB of pages: few of
    them are read again before their batch goes, and so few stay in the processor's own cache."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA journal_size_limit = 16777216")
    db.execute("PRAGMA cache_size = -256")
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite says of a broken file into CorruptOutboxError; other errors of it pass through."""
    try:
        yield
    except sqlite3.DatabaseError as exc:
        code = getattr(exc, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _BROKEN:
            raise CorruptOutboxError(str(exc)) from exc
        if isinstance(exc, sqlite3.OperationalError) and "no such table" in str(exc):
            raise CorruptOutboxError(str(exc)) from exc
        raise
