"""The catalogue of texts and the templates that ask for them."""

import re
from importlib.resources import files
from string import Formatter

import pytest

from anju_platform.desk.categories import CATEGORIES
from anju_platform.tickets.models import CloseReason, EvidenceKind, Finding, Origin, Priority, RepairAction, State
from anju_platform.tickets.rules import ACTION_NAMES
from anju_platform.web.language import LANGUAGES, Texts, catalogue

TEMPLATES = {
    path.name: path.read_text(encoding="utf-8")
    for folder in ("templates", "templates/parts")
    for path in files("anju_platform.web").joinpath(folder).iterdir()
    if path.name.endswith(".html")
}


@pytest.mark.parametrize("key", catalogue())
def test_every_text_is_there_in_both_languages_with_the_same_values_to_put_in(key: str) -> None:
    texts = catalogue()[key]
    assert set(texts) == set(LANGUAGES)
    assert all(texts.values())
    wanted = [sorted(name for _, name, _, _ in Formatter().parse(texts[language]) if name) for language in LANGUAGES]
    assert wanted[0] == wanted[1]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_text_that_a_template_asks_for_is_there(name: str) -> None:
    asked = re.findall(r"\bt\('([a-z_0-9.]+)'(?! ~)", TEMPLATES[name])
    assert [key for key in asked if key not in catalogue()] == []


def test_every_name_that_becomes_part_of_a_key_has_its_text() -> None:
    groups = {
        "origin": Origin, "state": State, "priority": Priority, "finding": Finding, "action": RepairAction,
        "reason": CloseReason, "evidence": EvidenceKind, "log": ACTION_NAMES.values(),
        "gateway": ("online", "offline", "lost", "unknown"), "filter": ("open", "resolved", "closed", "all"),
        "model": ("role_champion", "role_challenger", "role_retired", "role_refused"),
        "axis": ("days_7", "days_30", "days_90", "days_365"),
        "nav": ("overview", "tickets", "assets", "ageing", "model"),
        "quality": ("1", "2"),
    }  # fmt: skip
    missing = [
        f"{group}.{name}" for group, names in groups.items() for name in names if f"{group}.{name}" not in catalogue()
    ]
    missing += [f"finding.{name}_note" for name in Finding if f"finding.{name}_note" not in catalogue()]
    assert missing == []
    assert all(category.label.zh and category.label.en for category in CATEGORIES.values())


def test_no_template_has_a_script_or_a_style_in_it() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)
    assert [name for name, text in TEMPLATES.items() if inline.search(text)] == []


def test_a_text_of_data_falls_back_to_what_it_is_called() -> None:
    texts = Texts("en")
    assert texts.known("severity.minor", "?") == "minor"
    assert texts.known("point.of_another_make", "of_another_make") == "of_another_make"
    with pytest.raises(KeyError):
        texts("no.such.text")
