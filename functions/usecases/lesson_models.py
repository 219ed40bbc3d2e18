"""A lesson as it is answered (spec section 2): the same object from the Course Agent and from the list."""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import ConfigDict, Field

from functions.learning.lessons.showing import redact
from functions.runtime.models import Answer, Time
from functions.usecases.lesson_documents import LessonDocument


def _absent(value: Any) -> bool:
    return value is None


class Part(Answer):
    model_config = ConfigDict(extra="forbid")  # what a model does not name must not leave the server unnoticed


class CurriculumElements(Part):
    module_id: str
    module: str
    topic_id: str
    topic: str
    objectives: list[str]


class Metadata(Part):
    estimated_duration: int = Field(description="minutes")
    difficulty_level: str
    prerequisites: list[str]


class Section(Part):
    kind: Literal["text", "code", "callout", "exercise", "quiz"]
    title: str
    body: str
    code: str | None = Field(default=None, exclude_if=_absent)
    stdin: str | None = Field(default=None, exclude_if=_absent, description="what the code was given to read")
    expected_stdout: str | None = Field(default=None, exclude_if=_absent)
    exercise_id: str | None = Field(default=None, exclude_if=_absent)
    hints_shown: int | None = Field(default=None, exclude_if=_absent)
    question_ids: list[str] | None = Field(default=None, exclude_if=_absent)


class CodeExample(Part):
    title: str
    code: str
    stdin: str
    expected_stdout: str


class Case(Part):
    input: str
    expected_output: str | None = Field(description="null for a hidden test")
    hidden: bool


class Exercise(Part):
    exercise_id: str
    title: str
    instructions: str
    starter_code: str
    test_cases: list[Case]
    hints: list[str] = Field(min_length=3, max_length=3)
    language: Literal["python"]
    difficulty_level: str
    core: bool


class Option(Part):
    option_id: str
    text: str


class Question(Part):
    question_id: str
    type: Literal["multiple_choice", "code_output", "fill_blank"]
    prompt: str
    code: str | None = Field(default=None, exclude_if=_absent)
    options: list[Option] | None = Field(default=None, exclude_if=_absent)


class Personalisation(Part):
    level: str
    mastery: float | None
    weak_topics: list[str]
    missing_prerequisites: list[str]
    reasons: list[str]


class Verification(Part):
    examples_executed: int
    exercises_proved: int
    quiz_keys_computed: int
    python: str | None


class Fallback(Part):
    part: str
    why: str = Field(description="one of the codes of docs/model.md; never words of a model's")


class Provenance(Part):
    generator: Literal["curriculum", "model"] = Field(description="model: at least one item is a language model's")
    curriculum_version: str
    content_hash: str = Field(description="SHA-256; the same learner and curriculum give the same")
    model: str | None = Field(default=None, exclude_if=_absent)
    prompt_version: str | None = Field(default=None, exclude_if=_absent)
    parts: dict[str, Literal["model", "mixed"]] | None = Field(
        default=None, exclude_if=_absent, description="whose parts are not all the curriculum's"
    )
    fallbacks: list[Fallback] | None = Field(
        default=None, exclude_if=_absent, description="what a model was asked for and the curriculum has written"
    )
    cache: Literal["hit", "miss", "none"]
    duration_ms: float


class LessonAnswer(Part):
    """A lesson, as its learner sees it."""

    lesson_id: str
    quiz_id: str
    title: str
    content: str = Field(min_length=1, description="Markdown")
    course_id: str
    user_id: str
    created_at: Time
    updated_at: Time
    difficulty_level: str
    lesson_type: str
    state: Literal["available"] = "available"
    version: int
    curriculum_elements: CurriculumElements
    metadata: Metadata
    sections: list[Section]
    code_examples: list[CodeExample]
    exercises: list[Exercise]
    quiz: list[Question]
    personalisation: Personalisation
    verification: Verification
    provenance: Provenance
    listed: bool | None = Field(default=None, exclude_if=_absent, description="only in the answer of a POST")


def public_lesson(stored: LessonDocument, listed: bool | None = None) -> LessonAnswer:
    """As a learner may see it: without solutions, hidden outputs and quiz keys."""
    own = {name: value for name, value in asdict(stored).items() if name not in ("lesson", "requested_by")}
    shown = redact(stored.lesson)
    return LessonAnswer.model_validate(shown | own | {"quiz_id": stored.lesson_id, "listed": listed})
