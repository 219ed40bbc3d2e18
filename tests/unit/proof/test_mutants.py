"""Mutants: one slip each, of every kind, the same ones each time, and programs still."""

import pytest

from functions.proof.mutants import SLIPS, mutants

COUNTING = """
n = int(input())
found = 0
for number in range(1, n):
    if number % 3 == 0 and not number == 6:
        found += 1
    if found >= 2:
        break
print("found", found)
"""


@pytest.mark.parametrize(
    ("code", "slip"),
    [
        ("print(a < b)", "print(a <= b)"),
        ("print(a == b)", "print(a != b)"),
        ("print(a in b)", "print(a not in b)"),
        ("print(a + b)", "print(a - b)"),
        ("a //= 2", "a /= 2"),
        ("print(a and b)", "print(a or b)"),
        ("print(not a)", "print(a)"),
        ("print(True)", "print(False)"),
        ("print(range(3))", "print(range(4))"),
        ("print('yes')", "print('ye')"),
        ("print(f'{a} left')", "print(f'{a} lef')"),
        ("while a:\n    break", "while a:\n    pass"),
        ("def f():\n    return 1", "def f():\n    pass"),
    ],
)
def test_each_kind_of_slip_is_made(code: str, slip: str) -> None:
    assert slip + "\n" in [mutant.code for mutant in mutants(code)]


def test_the_first_mutants_are_of_different_kinds_and_the_same_each_time() -> None:
    first = [mutant.slip for mutant in mutants(COUNTING)][:6]
    assert first == [
        "another comparison in line 5",
        "another calculation in line 5",
        "the logic turned round in line 5",
        "a number one too large in line 3",
        "a line lost in line 2",
        "a text cut short in line 9",
    ]
    assert {slip.rpartition(" in line ")[0] for slip in first} == set(SLIPS)
    assert list(mutants(COUNTING)) == list(mutants(COUNTING))


def test_every_mutant_is_another_program_that_compiles() -> None:
    made = [mutant.code for mutant in mutants(COUNTING)]
    assert len(set(made)) == len(made) > 15
    for code in made:
        compile(code, "mutant", "exec")


def test_a_docstring_and_a_comment_are_no_place_for_a_slip() -> None:
    assert list(mutants('def f():\n    """Says nothing."""  # 3\n')) == []
