"""What the demo reads from the database for its status line and its verdict."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from anju_simulators.demo.community_reader import CommunityReader
from anju_simulators.demo.verdict import LiveComplaint, LiveTicket

READERS_OWN = ["comm_errors", "comm_latency_ms", "reader_online", "comm_losses"]


class Database(CommunityReader):
    """`community` bounds every answer but dead letters and models."""

    def __init__(self, url: str, community: str) -> None:
        super().__init__(url, community, package="anju_simulators.demo")

    def flavour(self) -> str:
        return str(self.one("flavour"))

    def assets(self) -> dict[str, int]:
        return {row["kind"]: row["assets"] for row in self.rows("asset_count")}

    def dead_letters(self) -> int:
        return int(self.one("dead_letters"))

    def samples_committed(self, since: datetime) -> int:
        """A quick count for the status line; the verdict counts the rows themselves."""
        return int(self.one("samples_committed", since=since))

    def readings_count(self, since: datetime) -> int:
        """Without what the gateway measures itself of the devices it asks."""
        return int(self.one("live_readings_count", since=since, readers_own=READERS_OWN))

    def readings(self, since: datetime) -> Iterable[tuple[str, str, int, float]]:
        """(asset, point, time in microseconds, value) of everything from `since` on."""
        for row in self.rows("live_readings", since=since):
            yield row["asset"], row["name"], row["at_us"], row["value"]

    def events_stored_twice(self, since: datetime) -> int:
        return int(self.one("events_stored_twice", since=since))

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
            for row in self.rows("live_tickets", since=since)
        ]

    def complaints(self, since: datetime) -> list[LiveComplaint]:
        return [LiveComplaint(row["asset"], row["at"]) for row in self.rows("live_complaints", since=since)]

    def has_champion(self) -> bool:
        return bool(self.one("has_champion"))

    def gateway_state(self) -> str | None:
        rows = self.rows("gateway_state")
        return rows[0]["state"] if rows else None

    def last_moment(self) -> datetime | None:
        """The latest moment that anything of the community bears; None before anything was live."""
        found = self.one("last_moment")
        return found if isinstance(found, datetime) else None

    def scored_until(self) -> datetime | None:
        """The moment for which all assets were scored last."""
        found = self.one("scored_until")
        return found if isinstance(found, datetime) else None

    def rollups_due(self, since: datetime, until: datetime) -> int:
        return int(self.one("rollups_due", since=since, until=until))

    def open_tickets(self) -> dict[str, int]:
        return {row["origin"]: row["tickets"] for row in self.rows("open_tickets")}

    def newest_ticket(self) -> dict[str, Any] | None:
        rows = self.rows("newest_ticket")
        return rows[0] if rows else None
