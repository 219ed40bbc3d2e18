"""What `POST /generate-lesson` takes (spec section 2); its answer is `LessonAnswer`."""

from typing import Annotated, Literal

from pydantic import Field

from functions.runtime.models import Id, IsNumber, Request, Slug
from functions.usecases.difficulty import Difficulty


class GenerateLesson(Request):
    """Only `user_id` is required: what is absent, the Course Agent chooses, and says why."""

    user_id: Id
    course_id: Literal["python"] = "python"
    topic: Slug | None = None
    lesson_type: Literal["standard", "review", "remedial", "challenge"] | None = Field(
        default=None, description="absent: standard, or a review if the topic is chosen too and one is due"
    )
    difficulty_level: Difficulty | None = None
    time_budget_minutes: Annotated[int, Field(ge=5, le=120), IsNumber] | None = None
    lesson_id: Id | None = Field(default=None, description="writes this lesson anew: version n+1")
    request_id: str | None = Field(default=None, min_length=1, max_length=255)
