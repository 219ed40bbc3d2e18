"""The four levels and their edges, as spec section 4 has them."""

import pytest

from functions.learning.levels import LEVELS, difficulty_for, level_of


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (0.0, "Beginner"),
        (40.0, "Beginner"),
        (40.01, "Learning"),
        (40.5, "Learning"),
        (70.0, "Learning"),
        (70.01, "Proficient"),
        (70.5, "Proficient"),
        (90.0, "Proficient"),
        (90.01, "Mastered"),
        (90.5, "Mastered"),
        (100.0, "Mastered"),
    ],
)
def test_the_upper_edge_of_a_level_still_belongs_to_it(score: float, name: str) -> None:
    assert level_of(score).name == name


def test_each_level_has_its_colour() -> None:
    assert [(level.name, level.colour) for level in LEVELS] == [
        ("Beginner", "red"),
        ("Learning", "yellow"),
        ("Proficient", "green"),
        ("Mastered", "blue"),
    ]


@pytest.mark.parametrize(
    ("score", "difficulty"),
    [(None, "beginner"), (40.0, "beginner"), (40.01, "intermediate"), (70.0, "intermediate"), (70.01, "advanced")],
)
def test_the_difficulty_that_suits_follows_the_level_and_a_new_learner_is_a_beginner(
    score: float | None, difficulty: str
) -> None:
    assert difficulty_for(score) == difficulty
