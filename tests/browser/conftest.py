"""The pages in Debian's Chromium: one browser for a module, a fresh context and a database of its own for each test."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright
from serving import planted_template, serving

from anju_platform.storage.migrate import migrate
from anju_simulators.services import Postgres

_numbers = itertools.count(1)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed before the next module's tests: while Playwright runs, no other test could run an event loop."""
    path = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def planted(services_folder: Path) -> Iterator[tuple[Postgres, str]]:
    """A server with the planted community, large enough to fill a desktop."""
    with Postgres("plain", services_folder / "browser", durable=False) as server:
        with psycopg.connect(server.create_database("empty"), autocommit=True) as conn:
            migrate(conn, flavour="plain")
        yield server, planted_template(server, "empty", lifts=12, doors=30, meters=50)


@pytest.fixture
def planted_url(planted: tuple[Postgres, str]) -> Iterator[str]:
    server, template = planted
    name = f"browser_{next(_numbers)}"
    yield server.create_database(name, template=template)
    server.drop_database(name)


@pytest.fixture
def conn(planted_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(planted_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def address(planted_url: str) -> Iterator[str]:
    with serving(planted_url) as where:
        yield where


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page at a size; at the end of the test no page may have logged an error or missed a file."""
    complaints: list[str] = []
    contexts = []

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            complaints.append(f"{response.status} {response.url}")

    def visit(path: str, *, size: str = "desk", **options: Any) -> Page:
        context = browser.new_context(
            base_url=address, viewport=SIZES[size], has_touch=size == "phone", is_mobile=size == "phone",
            device_scale_factor=2 if size == "phone" else 1, **options,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", console)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", answered)
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints
