"""Each kind of evidence that an update may bring (spec sections 2 and 10), and its bounds."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from functions.runtime.models import Bool, Float, Id, Int, IsNumber, Request, Storable

Percentage = Annotated[float, Field(ge=0, le=100), IsNumber]
# Bounded, like all that is kept: the open segment of a ledger is part of the learner's document.
AnswerText = Annotated[str, Field(max_length=500), Storable]


class ExerciseEvidence(Request):
    kind: Literal["exercise"]
    exercise_id: Id
    passed_tests: Int = Field(ge=0)
    total_tests: Int = Field(ge=1)

    @model_validator(mode="after")
    def _bounded(self) -> "ExerciseEvidence":
        if self.passed_tests > self.total_tests:
            raise ValueError("passed_tests is more than total_tests")
        return self


class QuizEvidence(Request):
    kind: Literal["quiz"]
    quiz_id: Id | None = None
    answers: dict[Id, AnswerText | bool | int | float] | None = Field(default=None, min_length=1, max_length=60)
    score: Percentage | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "QuizEvidence":
        if (self.answers is None) == (self.score is None):
            raise ValueError("give either answers or score")
        return self


class CodeQualityEvidence(Request):
    kind: Literal["code_quality"]
    score: Percentage


class ExecutionEvidence(Request):
    kind: Literal["execution"]
    ok: Bool
    # a name like `json.JSONDecodeError`, never the error's message: it is shown to teachers and goes into events
    error_type: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$", max_length=100)
    exercise_id: Id | None = None


class TimeOnTaskEvidence(Request):
    kind: Literal["time_on_task"]
    seconds: Float = Field(gt=0, le=86_400)
    exercise_id: Id | None = None


class MessageEvidence(Request):
    kind: Literal["message"]
    text: Annotated[str, Field(min_length=1, max_length=4_000), Storable]


class VoidEvidence(Request):
    """A teacher's correction: the named evidence counts no more. It stays in the ledger, and so does this."""

    kind: Literal["void"]
    evidence_id: Id
    reason: Annotated[str, Field(min_length=1, max_length=500), Storable]
    by: Id | None = Field(default=None, description="absent: the caller")


Evidence = Annotated[
    ExerciseEvidence
    | QuizEvidence
    | CodeQualityEvidence
    | ExecutionEvidence
    | TimeOnTaskEvidence
    | MessageEvidence
    | VoidEvidence,
    Field(discriminator="kind"),
]
