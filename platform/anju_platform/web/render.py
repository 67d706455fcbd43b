"""Pages: Jinja2 templates with the catalogue, the filters and the paths of static files."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from anju_platform.web import formats
from anju_platform.web.language import Texts, language_of, remember_language

API_PREFIXES = ("/api/", "/healthz", "/readyz", "/metrics", "/events/", "/static/", "/vendor/")


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(formats.FILTERS)
    return env


def render(request: Request, template: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
    """The page of `template`; every template also gets `t`, `lang`, `path` and `version`."""
    language = language_of(request)
    text = (
        environment()
        .get_template(template)
        .render(t=Texts(language), lang=language, path=request.url.path, query=str(request.url.query), **values)
    )
    response = HTMLResponse(text, status, {"Cache-Control": "no-store", "Vary": "Cookie"})
    remember_language(request, response)
    return response


def wants_page(request: Request) -> bool:
    """Whether an error of this request is told by a page rather than a problem document."""
    return not request.url.path.startswith(API_PREFIXES)


def render_problem(request: Request, status: int, fields: Sequence[str]) -> Response:
    return render(request, "problem.html", {"status": status, "fields": list(fields)}, status=status)


def assets_dir(setting: str | None) -> Path:
    """Where htmx and uPlot lie: as installed by `npm ci` beside this package, or where the setting says."""
    return Path(setting) if setting else Path(__file__).parents[2] / "node_modules"
