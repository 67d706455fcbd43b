"""A community with three years of repairs, served."""

from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import jinxiu
import psycopg
import pytest
from serving import serving

from anju_simulators.services import Postgres

NAME = "anju_ageing"
DAYS_OF_REPAIRS = {"lift-01": (40, 400, 700, 860, 980, 1040), "lift-02": (500,), "lift-03": ()}


@pytest.fixture(scope="module")
def aged(database_server: Postgres) -> Iterator[str]:
    url = database_server.create_database(NAME, template="anju_template")
    with psycopg.connect(url, autocommit=True) as conn:
        jinxiu.plant(conn)
        conn.execute("DELETE FROM repair")
        conn.execute("UPDATE asset SET installed_on = %s WHERE code LIKE 'lift-%%'", (date(2015, 5, 1),))
        start = jinxiu.UNTIL - timedelta(days=1096)
        for code, days in DAYS_OF_REPAIRS.items():
            for day in days:
                conn.execute(
                    "INSERT INTO repair (asset_id, opened_at, closed_at, component, action, cause, fault_found)"
                    " SELECT id, %s, %s, 'door_operator', 'replace', 'corrective', true FROM asset WHERE code = %s",
                    (start + timedelta(days=day), start + timedelta(days=day, hours=3), code),
                )
    yield url
    database_server.drop_database(NAME)


@pytest.fixture(scope="module")
def browser(aged: str) -> Iterator[httpx.Client]:
    with serving(aged) as address, httpx.Client(base_url=address) as client:
        yield client
