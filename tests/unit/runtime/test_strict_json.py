"""JSON that two readers read alike, and no deeper than either can follow."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.runtime.strict_json import DEEPEST, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert parse(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '{"user_id": "maya", "user_id": "james"}',
        '{"x": [{"a": 1, "\\u0061": 2}]}',
        "NaN",
        '{"a": -Infinity}',
        "",
        "{",
        "[1,]",
        "1" * 5000,
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_an_end(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return opening * depth + "1" + closing * depth

    assert parse(nested(DEEPEST - 1))
    for depth in (DEEPEST, 1000, 10_000, 200_000):
        with pytest.raises(ValueError, match="nested deeper than 32 levels"):
            parse(nested(depth))
