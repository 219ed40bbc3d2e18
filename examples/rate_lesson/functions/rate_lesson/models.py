"""What `POST /ratings` takes and answers."""

from typing import Annotated

from pydantic import Field

from functions.runtime.models import Answer, Id, Request, Storable, Time


class RateLesson(Request):
    """The body of `POST /ratings`; rating a lesson again replaces what was said before."""

    user_id: Id
    lesson_id: Id
    stars: int = Field(ge=1, le=5)
    comment: Annotated[str, Field(max_length=500), Storable] = ""


class Rating(Answer):
    """A rating as it is kept."""

    user_id: str
    lesson_id: str
    stars: int
    comment: str
    rated_at: Time
