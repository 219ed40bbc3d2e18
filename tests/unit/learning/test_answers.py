"""Answers are compared as a learner would expect."""

import pytest

from functions.learning.curriculum import QuestionKey


def accepted_output(answer: str | bool | float, output: str) -> bool:
    return QuestionKey("q", "code_output", {}, None, output, ()).accepts(answer)


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("hello", "hello\n"),
        ("  hello  ", "hello\n"),
        ('"hello"', "hello\n"),
        ("'hello'", "hello\n"),
        ("true", "True\n"),
        (True, "True\n"),
        ("FALSE none", "False None\n"),
        ('["a", "b"]', "['a', 'b']\n"),
        (6, "6\n"),
        (6.0, "6\n"),
        (6.0, "6.0\n"),
        ("1\r\n2", "1\n2\n"),
        ("  *\n ***", "  *\n ***\n"),
    ],
)
def test_what_is_only_written_differently_is_right(answer: str | bool | float, output: str) -> None:
    assert accepted_output(answer, output)


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("Hello", "hello\n"),
        ("hello", "'hello'\n"),
        ("1 2", "1\n2\n"),
        ("*\n ***", "  *\n ***\n"),
        ("untrue", "unTrue\n"),
        (6.5, "6\n"),
        ("", "6\n"),
        ("'a' 'b'", "a b\n"),
    ],
)
def test_what_is_another_output_is_wrong(answer: str | bool | float, output: str) -> None:
    assert not accepted_output(answer, output)


def test_an_id_goes_before_a_text_and_an_exact_text_before_an_id_in_another_case() -> None:
    key = QuestionKey("q", "multiple_choice", {"a": "B", "b": "A"}, "a", None, ())
    assert [key.accepts(answer) for answer in ("a", "B", "b", "A", " a ")] == [True, True, False, False, True]


def test_a_blank_may_be_spaced_and_quoted_differently() -> None:
    key = QuestionKey("q", "fill_blank", {}, None, None, ("range(3, 0, -1)", "x['a'] not in y"))
    assert all(key.accepts(answer) for answer in ("range(3,0,-1)", "range( 3, 0, -1 )", 'x["a"]  not in y'))
    assert not any(key.accepts(answer) for answer in ("range(3, 0, 1)", "x['a'] notin y", ""))


def test_a_question_without_a_key_is_not_gradable() -> None:
    assert not QuestionKey("q", "fill_blank", {}, None, None, ()).gradable
    assert QuestionKey("q", "code_output", {}, None, "", ()).gradable
