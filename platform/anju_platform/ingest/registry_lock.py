"""Between "this point is unknown" and the dead letter that says so, no birth may slip in unseen: otherwise the
letter would wait for an announcement that was there already. Births own the registry of their community until
they commit; whoever writes a letter of unknown points shares it and looks once more."""

from collections.abc import Iterable

import psycopg

from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.ingest")


def share_registry(conn: psycopg.Connection, communities: Iterable[str]) -> None:
    conn.execute(QUERIES["share_registry"], {"communities": sorted(set(communities))})


def own_registry(conn: psycopg.Connection, community: str) -> None:
    conn.execute(QUERIES["own_registry"], {"community": community})
