"""The table of components names those that contracts know, kind by kind."""

import re
from pathlib import Path

from anju_contracts.kinds import KINDS, SHARED_COMPONENTS

PAGE = Path(__file__).parents[2] / "docs/reference/rest-and-pages.md"


def test_the_table_names_the_components_of_every_kind_and_which_are_relevant_to_safety() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text[text.index("| kind | components |") :].split("\n\n")[0]
    rows = dict(re.findall(r"^\| (`?[a-z_ ]+`?) \| (`.*) \|$", table, re.MULTILINE))
    expected = {
        f"`{kind.name}`": ", ".join(f"`{part.name}`{' (safety)' if part.safety else ''}" for part in kind.components)
        for kind in KINDS.values()
    }
    assert rows == expected | {"any kind": ", ".join(f"`{name}`" for name in SHARED_COMPONENTS)}
