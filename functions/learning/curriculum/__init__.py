"""The course as data (`source/`, one TOML file a module), as proved and compiled JSON, and its loader."""

from functions.learning.curriculum.answers import same_output
from functions.learning.curriculum.errors import NoContent, UnknownModule, UnknownTopic
from functions.learning.curriculum.loader import content, course
from functions.learning.curriculum.types import (
    LEVELS,
    Case,
    Content,
    Course,
    Example,
    Exercise,
    ExerciseFacts,
    Misconception,
    Module,
    Option,
    Proof,
    Question,
    QuestionKey,
    Topic,
)

__all__ = [
    "LEVELS",
    "Case",
    "Content",
    "Course",
    "Example",
    "Exercise",
    "ExerciseFacts",
    "Misconception",
    "Module",
    "NoContent",
    "Option",
    "Proof",
    "Question",
    "QuestionKey",
    "Topic",
    "UnknownModule",
    "UnknownTopic",
    "content",
    "course",
    "same_output",
]
