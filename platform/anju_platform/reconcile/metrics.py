"""Gauges of ledgers and clocks for Prometheus, as the last reconciliation and the newest accounts have them."""

from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from psycopg import Connection

from anju_contracts.clock import Clock
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)
_GATEWAY = ("community", "gateway")
_GAUGES = {
    "samples": (
        "anju_gateway_samples",
        "Samples of the outbox in use, by its account and (stored) by the ledger",
        ("stream", "state"),
    ),
    "dropped": ("anju_gateway_dropped_samples", "Samples that the gateway gave up", ("stream", "reason")),
    "lost": ("anju_gateway_lost_samples", "Samples committed by the gateway's account but not stored", ("stream",)),
    "missing_batches": ("anju_gateway_missing_batches", "Batches that the ledger doesn't have yet", ("stream",)),
    "account_age": ("anju_gateway_account_age_seconds", "Real seconds since the newest account came", ()),
    "clock_offset": ("anju_gateway_clock_offset_seconds", "The gateway's clock minus the platform's", ()),
    "letters_ahead": ("anju_gateway_letters_ahead", "Dead letters that its clock dated into the future", ()),
    "faults": ("anju_gateway_faults", "What is wrong with the gateway now", ("code", "acknowledged")),
}


def add_gateway_gauges(conn: Connection[Any], registry: CollectorRegistry, *, now: datetime, clock: Clock) -> None:
    gauges = {
        key: Gauge(name, text, (*_GATEWAY, *labels), registry=registry) for key, (name, text, labels) in _GAUGES.items()
    }
    for key, community, gateway, first, second, value in conn.execute(QUERIES["gauges"], {"now": now}):
        labels = (community, gateway, first, second)[: len(_GATEWAY) + len(_GAUGES[key][2])]
        shown = clock.real_s(value) if key == "account_age" else value
        gauges[key].labels(*labels).set(shown)
