import errno
import sqlite3
from pathlib import Path

import pytest

from anju_gateway.disk import DISK_ERROR, DISK_FULL, READ_ONLY, connect, reason_of, transaction


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, DISK_FULL),
        (errno.EDQUOT, DISK_FULL),
        (errno.EROFS, READ_ONLY),
        (errno.EIO, DISK_ERROR),
        (None, DISK_ERROR),
    ],
)
def test_what_the_system_says_is_a_reason_to_count_by(number: int | None, reason: str) -> None:
    assert reason_of(OSError(number, "no")) == reason


def test_a_file_that_may_only_be_read_is_read_only(tmp_path: Path) -> None:
    connect(tmp_path / "a.sqlite3").execute("CREATE TABLE a (b)")
    db = sqlite3.connect(f"file:{tmp_path / 'a.sqlite3'}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute("INSERT INTO a VALUES (1)")
    db.close()
    assert reason_of(caught.value) == READ_ONLY


def write(db: sqlite3.Connection, *sizes: int) -> None:
    with transaction(db):
        for size in sizes:
            db.execute("INSERT INTO a VALUES (zeroblob(?))", (size,))


def test_a_database_that_may_not_grow_is_full_and_keeps_nothing_of_what_failed(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.sqlite3")
    db.execute("CREATE TABLE a (b)")
    db.execute("PRAGMA max_page_count = 4")
    with pytest.raises(sqlite3.OperationalError) as caught:
        write(db, 1, 100_000)
    assert reason_of(caught.value) == DISK_FULL
    assert db.execute("SELECT count(*) FROM a").fetchone() == (0,)
    db.close()


def test_an_error_of_sqlite_that_is_no_disks_is_an_error() -> None:
    assert reason_of(sqlite3.OperationalError("something else")) == DISK_ERROR
