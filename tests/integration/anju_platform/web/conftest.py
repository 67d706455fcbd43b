"""The application over a planted community."""

import itertools
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from serving import planted_template, serving

from anju_simulators.services import Postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def planted(database_server: Postgres) -> str:
    return planted_template(database_server, "anju_template")


@pytest.fixture
def planted_url(database_server: Postgres, planted: str) -> Iterator[str]:
    """A database of the test's own with the planted community."""
    name = f"anju_web_{next(_numbers)}"
    yield database_server.create_database(name, template=planted)
    database_server.drop_database(name)


@pytest.fixture
def conn(planted_url: str) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement."""
    with psycopg.connect(planted_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def client(planted_url: str) -> Iterator[httpx.Client]:
    with serving(planted_url) as address, httpx.Client(base_url=address) as browser:
        yield browser
