"""What a curriculum source file must look like, strictly.

Pydantic stays on this side: functions that read the compiled course need none of it.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Level = Literal["beginner", "intermediate", "advanced"]
ErrorType = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]+$", max_length=64)]
QuestionType = Literal["multiple_choice", "code_output", "fill_blank"]
Needs = Literal["loopback", "venv"]  # what its code must be given beyond computing: see sandbox.py


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CaseSource(_Strict):
    """A test: `input` is standard input, `output` standard output."""

    input: str = ""
    output: Text
    hidden: bool = False


class _Placed(_Strict):
    """What has a title and may practise earlier topics again."""

    title: Text
    revisits: list[Slug] = []


class ExerciseSource(_Placed):
    """An exercise, with at least two visible and two hidden tests and exactly three hints."""

    id: Slug
    difficulty: Level
    core: bool = False
    instructions: Text
    starter_code: str
    solution: Text
    tests: list[CaseSource]
    hints: Annotated[list[Text], Field(min_length=3, max_length=3)]
    needs: Needs | None = None

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
    type: QuestionType
    difficulty: Level
    prompt: Text
    code: Text | None = None
    options: list[OptionSource] = []
    accepted: list[Text] = []
    prints: Text | None = None
    explanation: Text
    needs: Needs | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        choice, blank = self.type == "multiple_choice", self.type == "fill_blank"
        if choice and (len(self.options) < 3 or sum(option.correct for option in self.options) != 1):
            raise ValueError(f"question {self.id} needs 3 options or more, exactly one of them correct")
        answers = [answer for option in self.options for answer in (option.id, option.text)]  # either may be given
        if len(set(answers)) != len(answers):
            raise ValueError(f"question {self.id} has an option id or text twice")
        if any("`" in option.text for option in self.options):
            raise ValueError(f"question {self.id}: an option is shown as it is, so a backtick in it too")
        if (self.options and not choice) or ((self.accepted or self.prints) and not blank):
            raise ValueError(f"question {self.id}: a {self.type} has no such key")
        if (not choice and not self.code) or (blank and not (self.accepted and self.prints)):
            raise ValueError(f"question {self.id}: a {self.type} lacks its code or its key")
        return self


class ExampleSource(_Placed):
    """A worked example and what to notice in it; `errors` are error types that it helps with."""

    level: Level
    code: Text
    stdin: str = ""
    note: Text
    errors: list[ErrorType] = []
    needs: Needs | None = None


class MisconceptionSource(_Strict):
    """A common wrong belief, what is true, and the error types that hint at it."""

    belief: Text
    correction: Text
    errors: list[ErrorType] = []


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
        if {exercise.difficulty for exercise in self.exercises} != set(get_args(Level)):
            raise ValueError("exercises must cover all three difficulties")
        if {question.type for question in self.questions} != set(get_args(QuestionType)):
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
