"""A read-only view of one community's part of the database."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from anju_simulators.sql_files import sql_files


class CommunityReader:
    """A connection of its own; the queries are those of the folder `sql` of `package`, and get the name of the
    community beside their values."""

    def __init__(self, url: str, community: str, *, package: str) -> None:
        read_only = "-c default_transaction_read_only=on"
        self._conn = psycopg.connect(url, autocommit=True, row_factory=dict_row, options=read_only)
        self._community = community
        self._queries = sql_files(package)

    def close(self) -> None:
        self._conn.close()

    def rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        return self._conn.execute(self._queries[name], {"community": self._community, **values}).fetchall()

    def one(self, name: str, **values: object) -> Any:
        """The first value of the first row; None when there is no row."""
        rows = self.rows(name, **values)
        return next(iter(rows[0].values())) if rows else None
