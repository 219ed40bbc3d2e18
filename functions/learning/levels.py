"""The four levels of mastery and their colours (spec section 4)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Level:
    """`up_to` is the highest score (0-100, rounded to 2 decimals) that still is this level."""

    name: str
    colour: str
    up_to: float


BEGINNER = Level("Beginner", "red", 40)
LEARNING = Level("Learning", "yellow", 70)
PROFICIENT = Level("Proficient", "green", 90)
MASTERED = Level("Mastered", "blue", 100)
LEVELS = (BEGINNER, LEARNING, PROFICIENT, MASTERED)


def level_of(score: float) -> Level:
    """The level of a rounded score."""
    return next(level for level in LEVELS if score <= level.up_to)


def difficulty_for(score: float | None) -> str:
    """The difficulty that suits a learner of this mastery: absent is a beginner."""
    level = BEGINNER if score is None else level_of(score)
    return {BEGINNER: "beginner", LEARNING: "intermediate"}.get(level, "advanced")
