"""Pages: Jinja2 templates with the catalogue, the formats and the request's language."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from anju_contracts.codes import code_label
from anju_contracts.kinds import component_label, kind_label
from anju_platform.web import places
from anju_platform.web.context import context_of
from anju_platform.web.formats import Formats
from anju_platform.web.language import Texts, language_of, remember_language

API_PREFIXES = ("/api/", "/healthz", "/readyz", "/metrics", "/events/", "/static/", "/vendor/")
DEFAULT_ZONE = "Asia/Shanghai"


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("anju_platform.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(to=places, code_label=code_label, component_label=component_label, kind_label=kind_label)
    return made


def render(
    request: Request, template: str, values: Mapping[str, Any], *, zone: str = DEFAULT_ZONE, status: int = 200
) -> Response:
    """The page of `template`; every template also gets `t`, `f`, `lang`, `path` and `switch` (the other language)."""
    language = language_of(request)
    other = "en" if language == "zh" else "zh"
    query = {**request.query_params, "lang": other}
    clock = context_of(request).settings.clock
    common: dict[str, Any] = {
        "t": Texts(language),
        "f": Formats(language, ZoneInfo(zone), clock.now()),
        "lang": language,
        "path": request.url.path,
        "switch": f"{request.url.path}?{urlencode(query)}",
        "community": None,
        "clock_speed": 1 / clock.real_s(1.0),
    }
    text = environment().get_template(template).render({**common, **values})
    response = HTMLResponse(text, status, {"Cache-Control": "no-store", "Vary": "Cookie"})
    remember_language(request, response)
    return response


def wants_page(request: Request) -> bool:
    """Whether an error of this request is told by a page rather than a problem document."""
    return not request.url.path.startswith(API_PREFIXES)


def render_problem(request: Request, status: int, fields: Sequence[str]) -> Response:
    return render(request, "problem.html", {"status": status, "fields": list(fields)}, status=status)


def assets_dir(setting: str | None) -> Path:
    """Where htmx and uPlot lie: as installed by npm beside this package, or where the setting says."""
    return Path(setting) if setting else Path(__file__).parents[2] / "node_modules"
