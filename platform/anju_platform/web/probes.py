"""/healthz (the process lives), /readyz (it can serve: database and schema are there), /metrics (Prometheus)."""

from typing import cast

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from anju_platform.errors import StorageUnavailable
from anju_platform.storage.migrate import schema_is_current
from anju_platform.web.context import Conn, Now, context_of
from anju_platform.web.metrics import WebMetrics, fleet_metrics
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    status: str = Field(examples=["ok"])


@router.get("/healthz", summary="Whether the process lives")
def healthz() -> Health:
    return Health(status="ok")


@router.get(
    "/readyz", summary="Whether it can serve: the database answers and has the schema", responses=problem_responses(503)
)
def readyz(conn: Conn) -> Health:
    if not schema_is_current(conn):
        raise StorageUnavailable("the database is not migrated to this program's schema; run anju migrate")
    return Health(status="ok")


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, now: Now) -> Response:
    """Without the figures of the fleet, and with anju_database_up 0, when the database does not answer in time."""
    context = context_of(request)
    own = cast("WebMetrics", request.app.state.metrics)

    def query() -> bytes:
        with context.pool.connection() as conn:
            return fleet_metrics(conn, now=now, clock=context.settings.clock)

    fleet = own.fleet.ask(query)
    own.database_up.set(fleet is not None)
    own.watchers.set(context.changes.subscribers)
    return Response(generate_latest(own.registry) + (fleet or b""), media_type=CONTENT_TYPE_LATEST)
