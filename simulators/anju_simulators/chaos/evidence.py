"""What the database says after the faults."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from anju_simulators.chaos.audit import Reading
from anju_simulators.demo.community_reader import CommunityReader
from anju_simulators.demo.database import READERS_OWN


class Evidence(CommunityReader):
    """Of one community."""

    def __init__(self, url: str, community: str) -> None:
        super().__init__(url, community, package="anju_simulators.chaos")

    def readings(self) -> Iterator[Reading]:
        for row in self.rows("stored_readings", readers_own=READERS_OWN):
            yield Reading(row["asset"], row["name"], row["at_us"], row["value"])

    def readings_count(self) -> int:
        return int(self.one("stored_readings_count", readers_own=READERS_OWN))

    def events(self) -> list[tuple[str, str, int, str]]:
        """(asset, code, time in microseconds, state) of each."""
        return [(row["asset"], row["name"], row["at_us"], row["state"]) for row in self.rows("stored_events")]

    def gateway_state(self) -> str | None:
        rows = self.rows("gateway_account")
        return str(rows[0]["state"]) if rows else None

    def gateway_account(self) -> dict[str, Any]:
        """Empty before the first one came."""
        rows = self.rows("gateway_account")
        return (rows[0]["account"] or {}) if rows else {}

    def dead_letters(self) -> dict[str, int]:
        return {row["reason"]: row["letters"] for row in self.rows("dead_letter_reasons")}

    def longest_stall(self, since: datetime, until: datetime) -> tuple[datetime, float]:
        """When it began, and its seconds."""
        rows = self.rows("longest_stall", since=since, until=until)
        return (rows[0]["began_at"], rows[0]["lasted_s"]) if rows else (since, (until - since).total_seconds())

    def recovered_at(self, until: datetime) -> datetime | None:
        """When the last of what was handed over up to `until` was committed."""
        found = self.one("recovered_at", until=until)
        return found if isinstance(found, datetime) else None

    def latest_wrong(self) -> int:
        """Points whose latest value is not the newest one that is stored."""
        return int(self.one("latest_wrong"))

    def ledger_counts(self, epoch: str) -> dict[str, int]:
        """Samples and events that are committed, by stream."""
        return {row["stream"]: row["samples"] for row in self.rows("ledger_counts", epoch=epoch)}

    def latest_ahead(self, now: datetime) -> int:
        return int(self.one("latest_ahead", now=now))
