"""What a client may see of an error."""

from typing import Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from anju_contracts.errors import ContractError
from anju_platform.errors import ConfigurationError, Conflict, Invalid, NotFound, StorageUnavailable
from anju_platform.web.metrics import route_template
from anju_platform.web.problems import problem_from, problem_response


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NotFound("no such asset"), 404, "not-found"),
        (Conflict("it is closed"), 409, "conflict"),
        (Invalid("limit", 0, "at least 1"), 422, "invalid"),
        (ContractError("asset key", "asset", "x", "<community>:<asset>"), 422, "invalid"),
        (StorageUnavailable("down"), 503, "unavailable"),
        (psycopg.OperationalError("password=secret"), 503, "unavailable"),
        (PoolTimeout("no connection"), 503, "unavailable"),
        (HTTPException(405), 405, "method-not-allowed"),
        (ConfigurationError("ANJU_X"), 500, "internal"),
        (RuntimeError("password=secret"), 500, "internal"),
    ],
)
def test_each_error_has_its_status_and_says_nothing_of_the_inside(error: Exception, status: int, kind: str) -> None:
    problem = problem_from(error)
    assert (problem.status, problem.type) == (status, f"urn:anju:problem:{kind}")
    assert "secret" not in problem.model_dump_json()


def test_a_wrong_value_is_named_with_what_would_be_right() -> None:
    (found,) = problem_from(Invalid("point", "door", "one of door_close_s")).errors
    assert (found.field, found.value, found.expected) == ("point", "'door'", "one of door_close_s")


def test_whoever_meets_a_database_that_is_away_is_told_when_to_come_back() -> None:
    response = problem_response(problem_from(StorageUnavailable("down")))
    assert response.headers["retry-after"] == "5"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("scope", "template"),
    [
        ({"path": "/api/v1/tickets/7", "path_params": {"ticket": "7"}, "route": 1}, "/api/v1/tickets/{ticket}"),
        ({"path": "/assets/j:l-1/events", "path_params": {"asset": "j:l-1"}, "route": 1}, "/assets/{asset}/events"),
        ({"path": "/healthz", "route": 1}, "/healthz"),
        ({"path": "/a/path/nobody/serves"}, "other"),
    ],
)  # fmt: skip
def test_requests_are_counted_by_the_routes_template(scope: dict[str, Any], template: str) -> None:
    assert route_template(scope) == template
