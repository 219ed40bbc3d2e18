"""What `PUT /classes/{class_id}` takes, and what it and `GET` answer (spec section 1)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from functions.runtime.models import Answer, Id, Request, Storable, Time


def _distinct(user_ids: list[str]) -> list[str]:
    seen: set[str] = set()
    for user_id in user_ids:
        if user_id in seen:
            raise ValueError(f"{user_id} is named more than once")
        seen.add(user_id)
    return user_ids


class PutClass(Request):
    """A whole roster: what it does not name is no longer in the class. It may be empty."""

    title: Annotated[str, Field(min_length=1, max_length=200), Storable]
    user_ids: Annotated[list[Id], AfterValidator(_distinct)] = Field(
        max_length=500, json_schema_extra={"uniqueItems": True}
    )


class ClassQuery(Request):
    """`GET /classes/{class_id}` takes no query."""


class ClassAnswer(Answer):
    """A class. `owner` is the id of who made it."""

    class_id: str
    title: str
    user_ids: list[str]
    owner: str
    version: int
    created_at: Time
    updated_at: Time
