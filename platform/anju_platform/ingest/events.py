"""Storing events: once by identity, and with the ticket that an acute one opens in the same transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import psycopg

from anju_contracts.event import Event
from anju_contracts.names import asset_key
from anju_platform.ingest.directory import find_assets
from anju_platform.ingest.models import EventBatch, Letter, dated
from anju_platform.ingest.registry_lock import share_registry
from anju_platform.ingest.screen import split_events
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries
from anju_platform.tickets.intake import StoredEvent, from_events

QUERIES = load_queries("anju_platform.ingest")
_TOLD_AT_MOST = 20
"""Notifications of one transaction and community; a page that hears these many reads anew anyway."""


def store_events(conn: psycopg.Connection, batches: Sequence[EventBatch], *, now: datetime) -> tuple[int, list[Letter]]:
    """Store the events of `batches`; how many were new, and the letters of those whose assets are unknown."""
    communities = {batch.address.community for batch in batches}
    stored: list[StoredEvent] = []
    letters: list[Letter] = []
    for community in sorted(communities):
        mine = [batch for batch in batches if batch.address.community == community]
        assets = _assets_of(conn, community, mine)
        events: list[tuple[int, Event]] = []
        for batch in mine:
            known, waiting = split_events(
                batch.events, assets.__contains__, topic=batch.arrival.topic, address=batch.address
            )
            events += [(assets[event.asset], event) for event in known]
            letters += [dated(letter, batch) for letter in waiting]
        fresh = _insert(conn, events, received_at=now)
        _tell(conn, community, fresh)
        stored += fresh
    from_events(conn, stored, now=now)
    return len(stored), letters


def _assets_of(conn: psycopg.Connection, community: str, batches: Iterable[EventBatch]) -> dict[str, int]:
    """Asset ids by name; where one is missing, the registry is held still until the commit and read again."""
    names = {event.asset for batch in batches for event in batch.events}
    assets = find_assets(conn, community, names)
    if names - assets.keys():
        share_registry(conn, [community])
        assets = find_assets(conn, community, names)
    return assets


def _insert(
    conn: psycopg.Connection, events: Sequence[tuple[int, Event]], *, received_at: datetime
) -> list[StoredEvent]:
    if not events:
        return []
    by_identity = {(asset_id, event.code, event.at, str(event.state)): event for asset_id, event in reversed(events)}
    keys = sorted(by_identity)
    picked = [by_identity[key] for key in keys]
    rows = conn.execute(
        QUERIES["insert_events"],
        {
            "asset_ids": [key[0] for key in keys],
            "codes": [key[1] for key in keys],
            "moments": [key[2] for key in keys],
            "states": [key[3] for key in keys],
            "severities": [str(event.severity) for event in picked],
            "values": [event.value for event in picked],
            "vendor_codes": [event.vendor_code for event in picked],
            "texts": [event.text for event in picked],
            "received_at": received_at,
        },
    ).fetchall()
    return [StoredEvent(row[0], row[1], by_identity[row[1], row[2], row[3], row[4]]) for row in rows]


def _tell(conn: psycopg.Connection, community: str, stored: Sequence[StoredEvent]) -> None:
    for one in stored[:_TOLD_AT_MOST]:
        notify(conn, community, "event", asset=asset_key(community, one.event.asset), id=one.event_id)
