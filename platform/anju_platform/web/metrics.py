"""What Prometheus scrapes: requests of this process, and the state of the fleet as the database has it."""

import time
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from psycopg import Connection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anju_contracts.clock import Clock
from anju_platform.reconcile.metrics import add_gateway_gauges
from anju_platform.storage.queries import load_queries
from anju_platform.web.fleet_figures import FleetFigures

QUERIES = load_queries(__package__)


class WebMetrics:
    """The figures of one application, in a registry of its own so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "anju_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "anju_http_request_seconds", "Time until the answer was sent", ["method", "route"], registry=self.registry
        )
        self.watchers = Gauge("anju_live_watchers", "Open streams of live updates", registry=self.registry)
        self.database_up = Gauge("anju_database_up", "1 when the database answered in time", registry=self.registry)
        self.fleet = FleetFigures()


class MetricsMiddleware:
    """Counts by route template, never by path, so that the number of series stays small."""

    def __init__(self, app: ASGIApp, *, metrics: WebMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.monotonic()

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_look)
        finally:
            method, route = scope["method"], route_template(scope)
            self._metrics.requests.labels(method, route, status).inc()
            self._metrics.seconds.labels(method, route).observe(time.monotonic() - began)


def fleet_metrics(conn: Connection[tuple[str, str, str, str, float | None]], *, now: datetime, clock: Clock) -> bytes:
    """Gauges of the fleet in Prometheus' text format.

    The query gives (gauge, community, first label, second label, value).
    """
    registry = CollectorRegistry()
    gauges = {
        "assets": Gauge("anju_assets", "Assets", ["community", "kind"], registry=registry),
        "open_tickets": Gauge(
            "anju_open_tickets", "Tickets not yet resolved", ["community", "origin", "state"], registry=registry
        ),
        "gateway_online": Gauge(
            "anju_gateway_online", "1 for a gateway that is online", ["community", "gateway"], registry=registry
        ),
        "gateway_watermark": Gauge(
            "anju_gateway_watermark_seconds",
            "Event time up to which live telemetry is committed, in seconds since 1970",
            ["community", "gateway"],
            registry=registry,
        ),
        "dead_letters": Gauge(
            "anju_dead_letters", "Messages that could not be read", ["community", "reason"], registry=registry
        ),
    }
    for name, community, first, second, value in conn.execute(QUERIES["fleet_gauges"]):
        labels = [community, first, second] if name == "open_tickets" else [community, first]
        gauges[name].labels(*labels).set(value or 0.0)
    add_gateway_gauges(conn, registry, now=now, clock=clock)
    return generate_latest(registry)


def route_template(scope: Scope) -> str:
    """The path with its parameters by name, `/tickets/{ticket}`; `other` where no route was found."""
    if "route" not in scope:
        return "other"
    names = {str(value): name for name, value in scope.get("path_params", {}).items()}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in scope["path"].split("/"))
