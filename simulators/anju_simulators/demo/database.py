"""What the demo reads from the database for its status line and its verdict."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from anju_simulators.demo.verdict import LiveComplaint, LiveTicket
from anju_simulators.sql_files import sql_files

READERS_OWN = ["comm_errors", "comm_latency_ms", "reader_online", "comm_losses"]


class Database:
    """A read-only connection of its own; `community` bounds every answer but dead letters and models."""

    def __init__(self, url: str, community: str) -> None:
        read_only = "-c default_transaction_read_only=on"
        self._conn = psycopg.connect(url, autocommit=True, row_factory=dict_row, options=read_only)
        self._community = community

    def close(self) -> None:
        self._conn.close()

    def flavour(self) -> str:
        return str(self._one("flavour"))

    def assets(self) -> dict[str, int]:
        return {row["kind"]: row["assets"] for row in self._rows("asset_count")}

    def dead_letters(self) -> int:
        return int(self._one("dead_letters"))

    def samples_committed(self, since: datetime) -> int:
        """A quick count for the status line; the verdict counts the rows themselves."""
        return int(self._one("samples_committed", since=since))

    def readings_count(self, since: datetime) -> int:
        """Without what the gateway measures itself of the devices it asks."""
        return int(self._one("live_readings_count", since=since, readers_own=READERS_OWN))

    def readings(self, since: datetime) -> Iterable[tuple[str, str, int, float]]:
        """(asset, point, time in microseconds, value) of everything from `since` on."""
        for row in self._rows("live_readings", since=since):
            yield row["asset"], row["name"], row["at_us"], row["value"]

    def events_stored_twice(self, since: datetime) -> int:
        return int(self._one("events_stored_twice", since=since))

    def tickets(self, since: datetime) -> list[LiveTicket]:
        return [
            LiveTicket(
                row["id"],
                row["asset"],
                row["component"],
                row["origin"],
                row["opened_at"],
                row["expires_at"],
                min((at for at in (row["resolved_at"], row["closed_at"]) if at is not None), default=None),
            )
            for row in self._rows("live_tickets", since=since)
        ]

    def complaints(self, since: datetime) -> list[LiveComplaint]:
        return [LiveComplaint(row["asset"], row["at"]) for row in self._rows("live_complaints", since=since)]

    def has_champion(self) -> bool:
        return bool(self._one("has_champion"))

    def gateway_state(self) -> str | None:
        rows = self._rows("gateway_state")
        return rows[0]["state"] if rows else None

    def last_moment(self) -> datetime | None:
        """The latest moment that anything of the community bears; None before anything was live."""
        found = self._one("last_moment")
        return found if isinstance(found, datetime) else None

    def scored_until(self) -> datetime | None:
        """The moment for which all assets were scored last."""
        found = self._one("scored_until")
        return found if isinstance(found, datetime) else None

    def rollups_due(self, since: datetime, until: datetime) -> int:
        return int(self._one("rollups_due", since=since, until=until))

    def open_tickets(self) -> dict[str, int]:
        return {row["origin"]: row["tickets"] for row in self._rows("open_tickets")}

    def newest_ticket(self) -> dict[str, Any] | None:
        rows = self._rows("newest_ticket")
        return rows[0] if rows else None

    def _rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        query: LiteralString = sql_files("anju_simulators.demo")[name]
        return self._conn.execute(query, {"community": self._community, **values}).fetchall()

    def _one(self, name: str, **values: object) -> Any:
        rows = self._rows(name, **values)
        return next(iter(rows[0].values())) if rows else None
