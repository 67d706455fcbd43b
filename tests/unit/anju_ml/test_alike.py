import pytest

from anju_ml.alike import point_matches, points_at


@pytest.mark.parametrize(
    ("component", "point"),
    [
        ("brake", "brake_release_ms"),
        ("lock", "unlock_ms"),
        ("card_reader", "read_errors"),
        ("门机皮带", "门机电流"),
        ("制动器", "制动间隙_mm"),
        ("Türantrieb", "türantrieb_a"),
    ],
)
def test_names_that_share_a_word_are_alike(component: str, point: str) -> None:
    assert point_matches(component, point)


@pytest.mark.parametrize(
    ("component", "point"),
    [("brake", "car_speed"), ("门机皮带", "井道温度"), ("门锁", "门机电流"), ("电机", "电流"), ("pump", "heat_c")],
)
def test_names_without_one_are_not(component: str, point: str) -> None:
    assert not point_matches(component, point)


def test_a_code_may_be_named_like_its_component() -> None:
    assert points_at("曳引机", "曳引机过热")
    assert not points_at("曳引机", "E17")
