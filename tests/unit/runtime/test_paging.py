"""Cursors: opaque, and good only for the list that gave them."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.runtime.errors import InvalidRequest
from functions.runtime.paging import check_time, cursor_after, digest, position

FILTERS = {"user_id": "maya", "sort": "title"}


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=2))
def test_a_cursor_stands_for_the_last_row(last: list[str]) -> None:
    assert position(cursor_after(last, FILTERS), FILTERS, 2) == last


def test_without_a_cursor_a_list_starts_at_its_beginning() -> None:
    assert position(None, FILTERS, 2) is None


def test_a_cursor_can_stand_in_a_url() -> None:
    cursor = cursor_after(["Ünïcode ~ ? & / +", "l1"], FILTERS)
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_other_filters_is_refused() -> None:
    cursor = cursor_after(["a", "l1"], FILTERS | {"user_id": "james"})
    with pytest.raises(InvalidRequest, match="belongs to a list with other filters"):
        position(cursor, FILTERS, 2)


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "ä",
        "bm90IGpzb24",
        forged({}),
        forged([]),
        forged(None),
        forged([digest(FILTERS)]),
        forged([digest(FILTERS), "a"]),
        forged([digest(FILTERS), "a", 5]),
        forged([digest(FILTERS), "a", "b", "c"]),
        forged([digest(FILTERS), "a", "\0"]),
        forged([digest(FILTERS), "a", "\ud800"]),
        base64.urlsafe_b64encode(b"[" * 749).decode(),
    ],
)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        position(cursor, FILTERS, 2)
    assert [error.field for error in caught.value.errors] == ["cursor"]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_cursor_is_a_position_or_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        position(cursor, FILTERS, 2)


@pytest.mark.parametrize("part", ["", "soon", "2026-13-01", "2026", "2026-W10-1", "2026-03-10", "2026-03-10T12:00:00"])
def test_a_time_that_a_cursor_could_not_hold_is_refused(part: str) -> None:
    with pytest.raises(InvalidRequest):
        check_time(part)


def test_the_time_of_a_row_is_accepted() -> None:
    check_time("2026-03-10T12:00:00.000001Z")
