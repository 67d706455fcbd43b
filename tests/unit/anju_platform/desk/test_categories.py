"""The table of what residents complain about."""

import pytest

from anju_contracts.kinds import KINDS, SHARED_COMPONENTS
from anju_platform.desk.categories import CATEGORIES, SYNONYMS, categories_for, category_of
from anju_platform.errors import Invalid
from anju_platform.tickets.models import Priority


def test_every_component_a_category_points_at_is_one_of_the_kind() -> None:
    for category in CATEGORIES.values():
        for kind, component in category.components.items():
            known = {part.name for part in KINDS[kind].components} | set(SHARED_COMPONENTS)
            assert component in known


def test_synonyms_lead_to_categories() -> None:
    assert {category_of(name).name for name in SYNONYMS} == set(SYNONYMS.values()) <= set(CATEGORIES)


def test_each_kind_is_offered_what_fits_it() -> None:
    assert {"trapped", "noise", "other"} <= {category.name for category in categories_for("lift")}
    assert "trapped" not in {category.name for category in categories_for("door")}
    assert len(categories_for("pump")) == len(categories_for("community")) == len(CATEGORIES)


def test_an_unknown_category_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(Invalid, match="one of trapped, out_of_service"):
        category_of("ghost")


def test_people_in_danger_are_urgent() -> None:
    assert category_of("lift_stuck").priority is Priority.URGENT
    assert category_of("water_leak").priority is Priority.URGENT
