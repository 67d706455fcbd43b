import pytest

from anju_edge_agent.dialect import number_of, parse_path, pick, time_us, topic_filter, topic_regex

DOCUMENT = {"d": {"door": {"ms": 2410}, "list": [{"v": 1}, {"v": 2}], "7": "seven"}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("d.door.ms", 2410),
        ("d.list.1.v", 2),
        ("d.7", "seven"),
        ("d.list.9.v", None),
        ("d.door.ms.x", None),
        ("x", None),
    ],
)
def test_a_path_leads_through_keys_and_indices(path: str, value: object) -> None:
    assert pick(DOCUMENT, parse_path(path)) == value


@pytest.mark.parametrize("path", ["", ".a", "a..b", "a."])
def test_a_path_has_no_empty_step(path: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        parse_path(path)


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (3, 3.0),
        (True, 1.0),
        ("open", 1.0),
        ("ajar", None),
        (None, None),
        (float("inf"), None),
        (10**400, None),
        ([1], None),
    ],
)
def test_numbers_booleans_and_known_words_are_numbers(found: object, value: float | None) -> None:
    assert number_of(found, {"open": 1.0}) == value


@pytest.mark.parametrize(
    ("found", "form", "at_us"),
    [
        (1_767_225_600_123, "ms", 1_767_225_600_123_000),
        (1_767_225_600.5, "s", 1_767_225_600_500_000),
        (1_767_225_600_000_001, "us", 1_767_225_600_000_001),
        ("2026-01-01T08:00:00.25+08:00", "rfc3339", 1_767_225_600_250_000),
        ("2026-01-01T00:00:00Z", "rfc3339", 1_767_225_600_000_000),
        ("2026-01-01T00:00:00", "rfc3339", None),
        ("yesterday", "rfc3339", None),
        (12, "rfc3339", None),
        ("12", "ms", None),
        (True, "s", None),
        (1e300, "s", None),
        (10**400, "ms", None),
        (1e308, "s", None),
        (float("nan"), "us", None),
        ("0001-01-01T00:00:00+14:00", "rfc3339", None),
        (None, "ms", None),
    ],
)
def test_device_times_are_read_in_their_form_or_not_at_all(found: object, form: str, at_us: int | None) -> None:
    assert time_us(found, form) == at_us


def test_a_topic_pattern_subscribes_to_every_device_and_tells_them_apart() -> None:
    pattern = "liftmon/{device}/+/status"
    assert topic_filter(pattern) == "liftmon/+/+/status"
    match = topic_regex(pattern).fullmatch("liftmon/LM.1/a/status")
    assert match is not None
    assert match["device"] == "LM.1"
    assert topic_regex(pattern).fullmatch("liftmon/LM1/a/b/status") is None
    assert topic_regex("a.b/{device}").fullmatch("axb/1") is None
