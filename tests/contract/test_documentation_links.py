"""Whatever the documentation points at inside the repository is there, headings included."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@cache
def tracked() -> set[Path]:
    """Files and folders that a clone has."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {ROOT / name for name in listed.splitlines()}
    return files | {folder for file in files for folder in file.parents}


@cache
def anchors(page: Path) -> set[str]:
    """What headings of a page can be pointed at by: small letters, digits and hyphens for spaces."""
    names = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in names}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere_in_a_clone(page: Path) -> None:
    lost = []
    for link, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / link).resolve() if link else page
        if target not in tracked() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            lost.append(f"{link}#{anchor}")
    assert lost == []
