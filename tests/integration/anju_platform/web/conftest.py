"""The application over a planted community: one to read for all tests, one of its own for each test that writes."""

import itertools
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from serving import planted_template, serving

from anju_simulators.services import Postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def planted(database_server: Postgres) -> Iterator[str]:
    name = planted_template(database_server, "anju_template")
    yield name
    database_server.drop_database(name)


@pytest.fixture(scope="session")
def read_address(database_server: Postgres, planted: str) -> Iterator[str]:
    with serving(database_server.create_database("anju_web_read", template=planted)) as address:
        yield address
    database_server.drop_database("anju_web_read")


@pytest.fixture
def client(read_address: str) -> Iterator[httpx.Client]:
    """For tests that change nothing."""
    with httpx.Client(base_url=read_address) as browser:
        yield browser


@pytest.fixture
def own_url(database_server: Postgres, planted: str) -> Iterator[str]:
    name = f"anju_web_{next(_numbers)}"
    yield database_server.create_database(name, template=planted)
    database_server.drop_database(name)


@pytest.fixture
def conn(own_url: str) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement."""
    with psycopg.connect(own_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def own(own_url: str) -> Iterator[httpx.Client]:
    """For tests that change something."""
    with serving(own_url) as address, httpx.Client(base_url=address) as browser:
        yield browser
