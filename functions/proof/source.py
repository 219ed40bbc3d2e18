"""What a curriculum source file must look like, strictly, and what it becomes: the domain's own types.

Pydantic stays on this side: functions that read the compiled course need none of it.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from functions.learning.curriculum import (
    Case,
    Content,
    Example,
    Exercise,
    Misconception,
    Module,
    Option,
    Question,
    Topic,
)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Level = Literal["beginner", "intermediate", "advanced"]


class SourceError(ValueError):
    """A source file is not what it must be; the message has file, place and reason, a line for each problem."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CaseSource(_Strict):
    """A test: `input` is standard input, `output` standard output."""

    input: str = ""
    output: Text
    hidden: bool = False


class ExerciseSource(_Strict):
    """An exercise, with at least two visible and two hidden tests and exactly three hints."""

    id: Slug
    title: Text
    difficulty: Level
    core: bool = False
    instructions: Text
    starter_code: str
    solution: Text
    tests: list[CaseSource]
    hints: Annotated[list[Text], Field(min_length=3, max_length=3)]

    @model_validator(mode="after")
    def _enough_tests(self) -> Self:
        hidden = sum(test.hidden for test in self.tests)
        if hidden < 2 or len(self.tests) - hidden < 2:
            raise ValueError(f"exercise {self.id} needs 2 visible and 2 hidden tests")
        return self


class OptionSource(_Strict):
    """One choice of a question."""

    id: Slug
    text: Text
    correct: bool = False
    reason: Text


class QuestionSource(_Strict):
    """A quiz item; `prints` is what the code of a fill_blank must print once its blank is filled."""

    id: Slug
    type: Literal["multiple_choice", "code_output", "fill_blank"]
    difficulty: Level
    prompt: Text
    code: Text | None = None
    options: list[OptionSource] = []
    accepted: list[Text] = []
    prints: Text | None = None
    explanation: Text

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        choice, blank = self.type == "multiple_choice", self.type == "fill_blank"
        if choice and (len(self.options) < 3 or sum(option.correct for option in self.options) != 1):
            raise ValueError(f"question {self.id} needs 3 options or more, exactly one of them correct")
        if len({option.text for option in self.options} | {o.id for o in self.options}) != 2 * len(self.options):
            raise ValueError(f"question {self.id} has an option id or text twice")
        if (self.options and not choice) or ((self.accepted or self.prints) and not blank):
            raise ValueError(f"question {self.id}: a {self.type} has no such key")
        if (not choice and not self.code) or (blank and not (self.accepted and self.prints)):
            raise ValueError(f"question {self.id}: a {self.type} lacks its code or its key")
        return self


class ExampleSource(_Strict):
    """A worked example and what to notice in it."""

    title: Text
    level: Level
    code: Text
    stdin: str = ""
    note: Text


class MisconceptionSource(_Strict):
    """A common wrong belief, what is true, and the error types that hint at it."""

    belief: Text
    correction: Text
    errors: list[str] = []


class ExplanationSource(_Strict):
    """The explanation, once for each level."""

    beginner: Text
    intermediate: Text
    advanced: Text


class ContentSource(_Strict):
    """The material of one topic, in the amounts a lesson needs."""

    recap: Text
    explanation: ExplanationSource
    examples: Annotated[list[ExampleSource], Field(min_length=3)]
    exercises: Annotated[list[ExerciseSource], Field(min_length=6)]
    questions: Annotated[list[QuestionSource], Field(min_length=8)]
    misconceptions: Annotated[list[MisconceptionSource], Field(min_length=2)]

    @model_validator(mode="after")
    def _amounts(self) -> Self:
        if sum(exercise.core for exercise in self.exercises) != 3:
            raise ValueError("exactly 3 exercises are core")
        if {exercise.difficulty for exercise in self.exercises} != {"beginner", "intermediate", "advanced"}:
            raise ValueError("exercises must cover all three difficulties")
        if {question.type for question in self.questions} != {"multiple_choice", "code_output", "fill_blank"}:
            raise ValueError("questions must cover all three types")
        return self


class TopicSource(_Strict):
    """A topic; without `content` it has its place in the course and no lessons yet."""

    id: Slug
    title: Text
    minutes: Annotated[int, Field(ge=5, le=240)]
    prerequisites: list[Slug] = []
    objectives: Annotated[list[Text], Field(min_length=3, max_length=3)]
    content: ContentSource | None = None


class ModuleHead(_Strict):
    """A module's name."""

    id: Slug
    title: Text


class ModuleSource(_Strict):
    """One source file."""

    course: Slug
    version: Text
    module: ModuleHead
    topics: Annotated[list[TopicSource], Field(min_length=1)]


def read(directory: Path) -> list[ModuleSource]:
    """Every module, in the order of the file names. Raises SourceError with all problems of all files."""
    modules: list[ModuleSource] = []
    problems: list[str] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            modules.append(ModuleSource.model_validate(tomllib.loads(path.read_text("utf-8"))))
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{path.name}: {error}")
        except ValidationError as error:
            problems += [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    if not modules and not problems:
        problems = [f"{directory.name}: no source file"]
    if problems:
        raise SourceError("\n".join(problems))
    return modules


def module_of(source: ModuleSource) -> Module:
    """The module as the course knows it, without material."""
    head = source.module
    topics = (
        Topic(t.id, t.title, head.id, head.title, tuple(t.objectives), tuple(t.prerequisites), t.minutes,
              t.content is not None, {}, {})
        for t in source.topics
    )  # fmt: skip
    return Module(head.id, head.title, tuple(topics))


def content_of(topic: TopicSource) -> Content | None:
    """The topic's material, before it is proved: outputs are empty."""
    source = topic.content
    if source is None:
        return None
    return Content(
        topic_id=topic.id,
        explanation=source.explanation.model_dump(),
        recap=source.recap,
        examples=tuple(Example(e.title, e.level, e.code, e.stdin, e.note, "") for e in source.examples),
        exercises=tuple(_exercise(exercise) for exercise in source.exercises),
        quiz=tuple(_question(question) for question in source.questions),
        misconceptions=tuple(Misconception(m.belief, m.correction, tuple(m.errors)) for m in source.misconceptions),
        proof=None,
    )


def _exercise(e: ExerciseSource) -> Exercise:
    tests = tuple(Case(case.input, case.output, case.hidden) for case in e.tests)
    texts = (e.instructions, e.starter_code, e.solution)
    return Exercise(e.id, e.title, e.difficulty, e.core, *texts, tests, tuple(e.hints))


def _question(q: QuestionSource) -> Question:
    options = tuple(Option(option.id, option.text, option.correct, option.reason) for option in q.options)
    return Question(q.id, q.type, q.difficulty, q.prompt, q.code, options, tuple(q.accepted), q.prints, q.explanation)
