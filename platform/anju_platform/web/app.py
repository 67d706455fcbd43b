"""The application: routers of every step, errors, security headers, metrics, static files."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from anju_platform.ageing import api as ageing_api
from anju_platform.ageing import pages as ageing_pages
from anju_platform.assets import api as assets_api
from anju_platform.assets import pages as assets_pages
from anju_platform.bootstrap import Pool
from anju_platform.commands import api as commands_api
from anju_platform.config import Settings
from anju_platform.desk import api as desk_api
from anju_platform.ingest import api as ingest_api
from anju_platform.reconcile import api as reconcile_api
from anju_platform.reconcile import pages as reconcile_pages
from anju_platform.scoring import api as scoring_api
from anju_platform.scoring import pages as scoring_pages
from anju_platform.tickets import api as tickets_api
from anju_platform.tickets import pages as tickets_pages
from anju_platform.web import probes, problems, stream
from anju_platform.web.changes import ChangeHub
from anju_platform.web.context import WebContext
from anju_platform.web.metrics import MetricsMiddleware, WebMetrics
from anju_platform.web.problems import Problem
from anju_platform.web.security import LOOPBACK, SecurityMiddleware

API = "/api/v1"
MAX_BODY_BYTES = 256 * 1024
DESCRIPTION = """\
Lifts, doors and meters of residential communities: readings, events, predictions and tickets.

Times are ISO 8601 in UTC. An asset is named `community:asset`, for example `jinxiu:lift-01`.
Lists give `items` and `next`; give `next` back as `cursor` for the items that follow.
Every error is a problem document (RFC 9457) that names the field, the value and what would be right.
"""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """`hosts`: the names the server answers to; `assets_dir`: where npm put htmx and uPlot."""

    assets_dir: Path
    hosts: Iterable[str] = LOOPBACK


def create_app(pool: Pool, settings: Settings, options: WebOptions) -> FastAPI:
    """The application over an open `pool`; whoever opened the pool closes it."""
    changes = ChangeHub(settings.database_url)
    metrics = WebMetrics()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        changes.start()
        try:
            yield
        finally:
            await changes.stop()

    app = FastAPI(
        title="Anju",
        summary="Predictive maintenance for residential communities",
        description=DESCRIPTION,
        version=version("anju-platform"),
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        telemetry={"tracing": False, "metrics": False},
    )
    app.state.anju = WebContext(pool, settings, changes)
    app.state.metrics = metrics
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    problems.install(app)
    _include(app)
    _mount(app, options.assets_dir)
    app.add_middleware(SecurityMiddleware, hosts=tuple(options.hosts))
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    return app


def _include(app: FastAPI) -> None:
    for api in (assets_api, ageing_api, tickets_api, desk_api, scoring_api, ingest_api, reconcile_api, commands_api):
        app.include_router(api.router, prefix=API)
    for step in (probes, stream, assets_pages, ageing_pages, tickets_pages, scoring_pages, reconcile_pages):
        app.include_router(step.router)


def _mount(app: FastAPI, assets_dir: Path) -> None:
    app.mount("/static", StaticFiles(packages=[("anju_platform.web", "static")]), name="static")
    app.mount("/vendor/htmx", StaticFiles(directory=assets_dir / "htmx.org" / "dist", check_dir=False))
    app.mount("/vendor/htmx-sse", StaticFiles(directory=assets_dir / "htmx-ext-sse" / "dist", check_dir=False))
    app.mount("/vendor/uplot", StaticFiles(directory=assets_dir / "uplot" / "dist", check_dir=False))


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
        )
        schemas = schema["components"]["schemas"]
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs"))
        schemas["Problem"] = problem
        app.openapi_schema = schema
    return app.openapi_schema
