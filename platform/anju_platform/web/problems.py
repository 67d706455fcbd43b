"""Every error of the API is a problem document (RFC 9457); every error of a page is a page."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from anju_contracts.errors import ContractError, shown
from anju_platform.errors import Conflict, Invalid, NotFound, PlatformError, StorageUnavailable
from anju_platform.web.render import render_problem, wants_page

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_LOG = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """What was wrong with one value, and what would be right."""

    field: str = Field(examples=["limit"])
    value: str | None = Field(examples=["0"])
    expected: str = Field(examples=["Input should be greater than or equal to 1"])


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:anju:problem:invalid"])
    title: str = Field(examples=["Invalid request"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["limit: got '0', expected an integer from 1 to 500"])
    errors: list[FieldProblem] = []


_KINDS: Mapping[type[Exception], tuple[int, str, str]] = {
    NotFound: (404, "not-found", "Not found"),
    Conflict: (409, "conflict", "Conflict with the present state"),
    Invalid: (422, "invalid", "Invalid request"),
    ContractError: (422, "invalid", "Invalid request"),
    StorageUnavailable: (503, "unavailable", "The database can't be reached"),
    psycopg.OperationalError: (503, "unavailable", "The database can't be reached"),
    PoolTimeout: (503, "unavailable", "The database can't be reached"),
    PlatformError: (500, "internal", "Internal error"),
}

_DESCRIBED = {
    400: "The body can't be read",
    403: "Refused: a form post from another site",
    404: "No such thing",
    409: "Contradicts the present state",
    413: "The body is too large",
    422: "A value can't be taken",
    503: "The database can't be reached",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation's OpenAPI says of its errors."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _DESCRIBED[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def problem_from(exc: Exception) -> Problem:
    """The problem that a client may see of `exc`; anything unforeseen says nothing of the inside."""
    if isinstance(exc, RequestValidationError):
        return _of_validation(exc)
    if isinstance(exc, HTTPException):
        title = HTTPStatus(exc.status_code).phrase
        name = title.lower().replace(" ", "-")
        return Problem(type=f"urn:anju:problem:{name}", title=title, status=exc.status_code, detail=str(exc.detail))
    for kind, (status, name, title) in _KINDS.items():
        if isinstance(exc, kind):
            detail = str(exc) if status in {404, 409, 422} else title
            return Problem(
                type=f"urn:anju:problem:{name}", title=title, status=status, detail=detail, errors=_fields_of(exc)
            )
    return Problem(type="urn:anju:problem:internal", title="Internal error", status=500, detail="Internal error")


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    all_headers = dict(headers or {})
    if problem.status == 503:
        all_headers["Retry-After"] = str(RETRY_AFTER_S)
    return JSONResponse(problem.model_dump(), problem.status, all_headers, MEDIA_TYPE)


def handle_error(request: Request, exc: Exception) -> Response:
    """The answer to a request that failed with `exc`."""
    problem = problem_from(exc)
    if problem.status >= 500:
        level = logging.WARNING if problem.status == 503 else logging.ERROR
        _LOG.log(level, "request failed", extra={"path": request.url.path, "status": problem.status}, exc_info=exc)
    if wants_page(request):
        return render_problem(request, problem.status, [error.field for error in problem.errors])
    return problem_response(problem, getattr(exc, "headers", None))


def install(app: FastAPI) -> None:
    for kind in (Exception, HTTPException, RequestValidationError, ContractError, PlatformError, psycopg.Error):
        app.add_exception_handler(kind, handle_error)


def _of_validation(exc: RequestValidationError) -> Problem:
    errors = [
        FieldProblem(field=_path(error["loc"]), value=_shown(error.get("input")), expected=_expected(error))
        for error in exc.errors()
    ]
    detail = "; ".join(f"{error.field}: got {error.value}, expected {error.expected}" for error in errors[:5])
    return Problem(type="urn:anju:problem:invalid", title="Invalid request", status=422, detail=detail, errors=errors)


def _path(location: tuple[int | str, ...]) -> str:
    """`limit` of ("query", "limit"), `body` of ("body",), `text` of ("body", "text")."""
    parts = location[1:] or location
    return ".".join(str(part) for part in parts)


def _expected(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


def _shown(value: object) -> str | None:
    return None if value is None else shown(value)


def _fields_of(exc: Exception) -> list[FieldProblem]:
    if isinstance(exc, Invalid | ContractError):
        return [FieldProblem(field=exc.field, value=_shown(exc.value), expected=exc.expected)]
    return []
