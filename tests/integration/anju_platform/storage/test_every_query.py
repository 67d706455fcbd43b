"""Every SQL file of the platform is prepared by both flavours of PostgreSQL: a typing error can't reach a user."""

import re
from importlib.resources import files
from pathlib import Path

import psycopg

from anju_platform.storage.telemetry import prepare_session

_PARAMETER = re.compile(r"%\((\w+)\)s")


def numbered(text: str) -> str:
    """With $1, $2, … for the named parameters of psycopg."""
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text).replace("%%", "%")


def query_files() -> list[Path]:
    return sorted(Path(str(files("anju_platform"))).rglob("sql/*.sql"))


def test_every_query_is_understood_by_the_server(database_url: str) -> None:
    refused = {}
    with psycopg.connect(database_url, autocommit=True) as conn:
        prepare_session(conn)
        for path in query_files():
            text = path.read_text(encoding="utf-8").strip().rstrip(";")
            try:
                conn.execute(f"PREPARE q AS {numbered(text)}".encode())
                conn.execute("DEALLOCATE q")
            except psycopg.Error as exc:
                refused[f"{path.parent.parent.name}/{path.name}"] = str(exc)
    assert refused == {}
    assert len(query_files()) > 50
