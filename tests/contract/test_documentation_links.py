"""Whatever the documentation points at inside the repository is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s#]+)")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def tracked() -> set[Path]:
    """Files and folders that a clone has."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {ROOT / name for name in listed.splitlines()}
    return files | {folder for file in files for folder in file.parents}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere_in_a_clone(page: Path) -> None:
    targets = {link: (page.parent / link).resolve() for link in LINK.findall(page.read_text(encoding="utf-8"))}
    here = tracked()
    assert [link for link, target in targets.items() if target not in here] == []
