"""Cursors: what was given comes back; anything else is refused by name."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anju_platform.errors import Invalid
from anju_platform.web.cursor import decode_id_cursor, decode_moment_cursor, decode_text_cursor, encode_cursor
from anju_platform.web.paging import page_of

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
IDS = st.integers(0, 2**63 - 1)
# a busy machine is no failure
UNHURRIED = settings(deadline=None)


@UNHURRIED
@given(MOMENTS, IDS)
def test_a_cursor_of_moment_and_id_comes_back_as_it_was(at: datetime, row_id: int) -> None:
    assert decode_moment_cursor("tickets", encode_cursor("tickets", (at, row_id))) == (at, row_id)


@UNHURRIED
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_a_cursor_of_a_text_comes_back_as_it_was(text: str) -> None:
    assert decode_text_cursor("assets", encode_cursor("assets", (text,))) == text


@UNHURRIED
@given(IDS)
def test_a_cursor_of_an_id_comes_back_as_it_was(row_id: int) -> None:
    assert decode_id_cursor("models", encode_cursor("models", (row_id,))) == row_id


def test_no_cursor_is_the_beginning() -> None:
    assert decode_moment_cursor("tickets", None) == (None, None)
    assert decode_text_cursor("assets", None) is None
    assert decode_id_cursor("models", None) is None


@UNHURRIED
@given(st.text(max_size=60))
def test_whatever_is_no_cursor_is_refused_by_name(text: str) -> None:
    for decode in (decode_moment_cursor, decode_text_cursor, decode_id_cursor):
        with pytest.raises(Invalid) as caught:
            decode("tickets", text)
        assert caught.value.field == "cursor"
        assert caught.value.value == text


def raw(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        raw("events", "2026-03-01T00:00:00+00:00", 1),
        raw("tickets", "2026-03-01T00:00:00", 1),
        raw("tickets", "yesterday", 1),
        raw("tickets", "0001-01-01T00:00:00+00:00", 1),
        raw("tickets", "2026-03-01T00:00:00+00:00", -1),
        raw("tickets", "2026-03-01T00:00:00+00:00", True),
        raw("tickets", "2026-03-01T00:00:00+00:00", 2**63),
        raw("tickets", "2026-03-01T00:00:00+00:00"),
        raw("tickets", 1, 2, 3),
        base64.urlsafe_b64encode(b'{"tickets": 1}').decode(),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
    ],
    ids=lambda cursor: cursor[:24],
)
def test_a_cursor_of_another_list_or_make_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode_moment_cursor("tickets", cursor)


def test_a_text_with_a_null_character_never_reaches_the_database() -> None:
    with pytest.raises(Invalid):
        decode_text_cursor("assets", raw("assets", "a\x00b"))


def test_the_last_page_has_no_next() -> None:
    full, last = (page_of("models", rows, 2, lambda row: (row,)) for rows in ([3, 2, 1], [2, 1]))
    assert full.items == [3, 2]
    assert decode_id_cursor("models", full.next) == 2
    assert last.next is None
