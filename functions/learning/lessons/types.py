"""The brief a lesson is written for, and the lesson itself, as frozen data."""

from dataclasses import dataclass

from functions.learning.curriculum import LEVELS, Example, Exercise, Question

LESSON_TYPES = ("standard", "review", "remedial", "challenge")
LANGUAGE = "python"


@dataclass(frozen=True, slots=True)
class Brief:
    """For whom and what kind: `level` is the difficulty wanted; topics are ids; `reasons` say why this topic.

    `passed`: ids of exercises of the topic that the learner has passed before.
    """

    level: str = "beginner"
    lesson_type: str = "standard"
    mastery: float | None = None
    weak_topics: tuple[str, ...] = ()
    missing_prerequisites: tuple[str, ...] = ()
    recent_errors: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    time_budget_minutes: int | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in LEVELS or self.lesson_type not in LESSON_TYPES:
            raise ValueError(f"no such level or lesson type: {self.level}, {self.lesson_type}")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the lesson, in reading order. `kind`: text, code, callout, exercise or quiz; `None` does not apply."""

    kind: str
    title: str
    body: str
    code: str | None = None
    expected_stdout: str | None = None
    exercise_id: str | None = None
    hints_shown: int | None = None
    question_ids: tuple[str, ...] | None = None
    stdin: str | None = None


@dataclass(frozen=True, slots=True)
class CurriculumElements:
    """Where the lesson stands in the course."""

    module_id: str
    module: str
    topic_id: str
    topic: str
    objectives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """`estimated_duration` is in minutes, `prerequisites` are topic ids."""

    estimated_duration: int
    difficulty_level: str
    prerequisites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Personalisation:
    """What the lesson was fitted to, and what that changed."""

    level: str
    mastery: float | None
    weak_topics: tuple[str, ...]
    missing_prerequisites: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """How much of this lesson was proved by running it; `python` is the version that ran it."""

    examples_executed: int
    exercises_proved: int
    quiz_keys_computed: int
    python: str | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A whole lesson, without ids and times, which are the caller's. Holds what must not leave the server."""

    title: str
    content: str
    difficulty_level: str
    lesson_type: str
    curriculum_elements: CurriculumElements
    metadata: Metadata
    sections: tuple[Section, ...]
    code_examples: tuple[Example, ...]
    exercises: tuple[Exercise, ...]
    quiz: tuple[Question, ...]
    personalisation: Personalisation
    verification: Verification
