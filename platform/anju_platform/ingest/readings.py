"""Storing readings: many batches at once, straight into the table, and what follows from them."""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from anju_contracts.topics import GatewayAddress
from anju_platform.ingest.directory import find_points
from anju_platform.ingest.models import Letter, Part, TelemetryBatch, dated, part_of_batch
from anju_platform.ingest.registry_lock import share_registry
from anju_platform.ingest.screen import Window, screen, unknown_letter
from anju_platform.storage.samples import HOUR_US, Samples, from_us, hours_of, settle
from anju_platform.storage.telemetry import insert_samples, mark_rollups_due, merge_samples


def resolve_unknown(
    conn: psycopg.Connection, batches: Sequence[TelemetryBatch], *, telemetry_days: int
) -> tuple[list[Part], list[Letter]]:
    """Look up once more, with the registry held still until the commit, what the decoder found unknown.

    Returns the samples of points that are known after all, and letters for the rest.
    """
    doubtful = [batch for batch in batches if batch.unknown is not None]
    if not doubtful:
        return [], []
    share_registry(conn, {batch.address.community for batch in doubtful})
    found: list[Part] = []
    letters: list[Letter] = []
    for batch in doubtful:
        assert batch.unknown is not None
        ids = find_points(conn, batch.address.community, batch.unknown.names)
        window = Window.at(batch.arrival.received_at, telemetry_days=telemetry_days)
        screened = screen(batch.unknown, ids, window, topic=batch.arrival.topic, address=batch.address)
        if len(screened.samples):
            found.append(part_of_batch(batch, screened.samples))
        if screened.unknown is not None:
            letter = unknown_letter(screened.unknown, topic=batch.arrival.topic, address=batch.address)
            letters.append(dated(letter, batch))
    return found, letters


def store_samples(conn: psycopg.Connection, parts: Sequence[Part], *, merge: bool) -> Samples:
    """Store the samples of `parts` and note which rollups no longer match; returns them settled.

    Without `merge` psycopg.errors.UniqueViolation says that some are there already.
    """
    settled = settle(Samples.concat([part.samples for part in parts]))
    if not len(settled):
        return settled
    if merge:
        merge_samples(conn, settled)
    else:
        insert_samples(conn, settled)
    mark_rollups_due(conn, _hours_touched(parts))
    return settled


def _hours_touched(parts: Sequence[Part]) -> set[tuple[str, datetime]]:
    """Each (community, hour) of `parts`; most parts lie within one hour."""
    hours: set[tuple[str, int]] = set()
    wide: set[tuple[str, datetime]] = set()
    for part in parts:
        first, last = part.first_at_us // HOUR_US, part.last_at_us // HOUR_US
        if first == last:
            hours.add((part.address.community, first))
        else:
            wide |= {(part.address.community, hour) for hour in hours_of(part.samples.at_us)}
    return wide | {(community, from_us(hour * HOUR_US)) for community, hour in hours}


def watermarks_of(parts: Sequence[Part], *, now_us: int) -> dict[GatewayAddress, int]:
    """The greatest time of live samples by gateway, never ahead of `now_us`."""
    reached: dict[GatewayAddress, int] = {}
    for part in parts:
        if part.live:
            at_us = min(part.last_at_us, now_us)
            reached[part.address] = max(at_us, reached.get(part.address, at_us))
    return reached
