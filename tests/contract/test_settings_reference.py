"""The table of settings names every variable that the platform reads, with the default that it has."""

import re
from pathlib import Path

import pytest

from anju_contracts.clock import CLOCK_VARIABLE
from anju_platform.config import settings_from

ROOT = Path(__file__).parents[2]
READ = re.compile(r"""(?:environment(?:\.get\(|, )|environ(?:\.get\(|\[))"(ANJU_[A-Z_]+)\"""")
ROWS = re.findall(
    r"^\| (`ANJU_[^|]+?) *\|([^|]*)\|", (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8"), re.MULTILINE
)
DEFAULTS = {name: default.strip(" `") for names, default in ROWS for name in re.findall(r"`(ANJU_[A-Z_]+)`", names)}
REQUIRED = {"ANJU_DATABASE_URL": "postgresql://u@h/d"}


def read_by_the_platform() -> set[str]:
    sources = (ROOT / "platform" / "anju_platform").rglob("*.py")
    return {name for path in sources for name in READ.findall(path.read_text(encoding="utf-8"))} | {CLOCK_VARIABLE}


def test_the_table_names_what_is_read_and_nothing_else() -> None:
    found = read_by_the_platform()
    assert {"ANJU_DATABASE_URL", "ANJU_METRICS_PORT", "ANJU_ASSETS_DIR"} <= found
    assert set(DEFAULTS) == found


@pytest.mark.parametrize("name", [name for name, default in DEFAULTS.items() if default])
def test_the_default_of_the_table_is_the_default_of_the_program(name: str) -> None:
    assert settings_from(REQUIRED | {name: DEFAULTS[name]}) == settings_from(REQUIRED)
