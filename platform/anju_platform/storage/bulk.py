"""Loading many readings at once: straight into the tables, merged only where some are there already."""

from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from anju_platform.storage.copy import ROLLUPS, STAGED_ROLLUPS, copy_in
from anju_platform.storage.hourly import hourly
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import Samples, days_of, hours_of, to_us
from anju_platform.storage.telemetry import KnownDays, insert_samples, mark_rollups_due, merge_samples

QUERIES = load_queries("anju_platform.storage")


@dataclass
class SampleLoader:
    """Loads telemetry over one connection (with the staging tables), a transaction a call."""

    conn: psycopg.Connection
    community: str
    days: KnownDays = field(default_factory=KnownDays)
    merging: bool = False
    """From the first conflict on: a history that was imported before has more of them."""

    def load(self, settled: Samples) -> int:
        """How many rows were written. Hours of merged samples are noted for the rollup job, because other
        samples may lie in them."""
        self.days.ensure(self.conn, days_of(settled.at_us))
        if not self.merging:
            try:
                with self.conn.transaction():
                    insert_samples(self.conn, settled)
            except psycopg.errors.UniqueViolation:
                self.merging = True
            else:
                return len(settled)
        with self.conn.transaction():
            written = merge_samples(self.conn, settled)
            if written:
                mark_rollups_due(self.conn, {(self.community, hour) for hour in hours_of(settled.at_us)})
        return written


@dataclass
class RollupLoader:
    """Loads rollups over one connection (with the staging tables), a transaction a call."""

    conn: psycopg.Connection
    community: str
    kept_since: datetime
    merging: bool = False

    def load(self, settled: Samples) -> int:
        """How many rollups were written. Where one was there already, that of a later import counts; hours whose
        readings are kept are noted for the rollup job, which knows all of them."""
        columns = hourly(settled)
        if not self.merging:
            try:
                with self.conn.transaction():
                    copy_in(self.conn, ROLLUPS, columns)
            except psycopg.errors.UniqueViolation:
                self.merging = True
            else:
                return len(columns[0])
        with self.conn.transaction():
            copy_in(self.conn, STAGED_ROLLUPS, columns)
            written = self.conn.execute(QUERIES["merge_rollups"]).rowcount
            if written:
                self._mark_due(settled)
        return written

    def _mark_due(self, settled: Samples) -> None:
        recent = settled.at_us[settled.at_us >= to_us(self.kept_since)]
        mark_rollups_due(self.conn, {(self.community, hour) for hour in hours_of(recent)})
