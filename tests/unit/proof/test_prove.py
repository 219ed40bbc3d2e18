"""The prover: what holds comes back with its outputs, what does not is named."""

import asyncio
from dataclasses import replace

import pytest

from functions.learning.curriculum import Case, Content, Example, Exercise, Question
from functions.proof.prove import Unproved, prove

EXERCISE = Exercise(
    "double", "Double", "beginner", True, "Double it.", "n = int(input())\nprint(n)\n",
    "n = int(input())\nprint(2 * n)\n",
    (Case("1\n", "2", False), Case("2\n", "4", False), Case("0\n", "0", True), Case("-3\n", "-6", True)),
    ("a", "b", "c"),
)  # fmt: skip
OUTPUT = Question("sum", "code_output", "beginner", "What?", "print(1 + 1)\n", (), (), None, "Because.")
BLANK = Question("blank", "fill_blank", "beginner", "Fill.", "print(____ + 1)\n", (), ("1", " 1"), "2", "Because.")
EXAMPLE = Example("Greeting", "beginner", "print('Hello,', input())\n", "Maya\n", "Note.", "")
CONTENT = Content("for-loops", {"beginner": "Text."}, "Recap.", (EXAMPLE,), (EXERCISE,), (OUTPUT, BLANK), (), None)


def proved(content: Content) -> Content:
    return asyncio.run(prove(content))


def problem(content: Content) -> str:
    with pytest.raises(Unproved) as caught:
        proved(content)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def with_exercise(**changes: object) -> Content:
    return replace(CONTENT, exercises=(replace(EXERCISE, **changes),))  # type: ignore[arg-type]


def with_question(question: Question, **changes: object) -> Content:
    return replace(CONTENT, quiz=(replace(question, **changes),))  # type: ignore[arg-type]


def test_what_holds_comes_back_with_its_outputs_and_keys() -> None:
    done = proved(CONTENT)
    assert done.examples[0].expected_stdout == "Hello, Maya\n"
    assert [question.expected_output for question in done.quiz] == ["2\n", "2\n"]
    assert done.exercises == CONTENT.exercises


def test_tests_that_let_slips_in_the_solution_pass_are_named_with_what_they_miss() -> None:
    """With -1 among the hidden tests it would hold."""
    tests = (Case("1\n", "1", False), Case("2\n", "2", False), Case("5\n", "5", True), Case("9\n", "9", True))
    clamp = with_exercise(tests=tests, starter_code="print(0)\n", solution="print(max(0, int(input())))\n")
    assert problem(clamp) == (
        "for-loops: exercise double: hidden tests catch 1 of 2 slips in the solution: "
        "they miss a number one too large in line 1"
    )


def test_a_solution_that_fails_a_hidden_test_is_named() -> None:
    wrong = with_exercise(solution="n = int(input())\nprint(abs(2 * n))\n")
    assert problem(wrong) == "for-loops: exercise double: the solution fails hidden test 4: expected '-6', got '6'"


def test_a_solution_that_raises_is_named_with_its_error() -> None:
    assert problem(with_exercise(solution="print(x)\n")).endswith(
        "the solution fails visible test 1: it ended with code 1: NameError: name 'x' is not defined"
    )


def test_a_starter_that_already_passes_is_named() -> None:
    assert problem(with_exercise(starter_code=EXERCISE.solution)) == (
        "for-loops: exercise double: the starter already passes every test"
    )


def test_a_starter_that_is_not_python_is_named() -> None:
    assert "exercise double: the starter is not Python" in problem(with_exercise(starter_code="n = (\n"))


def test_an_example_that_fails_or_prints_nothing_is_named() -> None:
    for code, why in (("1 / 0\n", "ZeroDivisionError"), ("x = 1\n", "it prints nothing")):
        said = problem(replace(CONTENT, examples=(replace(EXAMPLE, code=code),)))
        assert said.startswith("for-loops: example 'Greeting': ") and why in said


def test_an_output_that_hangs_on_the_order_of_a_set_is_no_key() -> None:
    code = "print({'apple', 'banana', 'cherry', 'date', 'elder', 'fig'})\n"
    assert problem(with_question(OUTPUT, code=code)).endswith("question sum: it prints something else each time")


def test_an_accepted_answer_that_prints_something_else_is_named() -> None:
    said = problem(with_question(BLANK, accepted=("1", "7")))
    assert said == "for-loops: question blank: with '7' it prints '8', not '2'"


def test_a_blank_that_is_missing_is_named() -> None:
    assert "the code needs one ____, it has 0" in problem(with_question(BLANK, code="print(2)\n"))


def test_python_in_an_explanation_has_to_run() -> None:
    text = "Fine:\n\n```python\nprint(1)\n```\n\nNot fine:\n\n```python\nprint(one)\n```\n"
    said = problem(replace(CONTENT, explanation={"beginner": text}))
    assert said.startswith("for-loops: explanation beginner: block 2: ") and "NameError" in said


def test_all_problems_are_reported_together() -> None:
    content = replace(with_exercise(solution="print(1)\n"), examples=(replace(EXAMPLE, code="1 / 0\n"),))
    with pytest.raises(Unproved) as caught:
        proved(content)
    assert len(caught.value.problems) == 2
