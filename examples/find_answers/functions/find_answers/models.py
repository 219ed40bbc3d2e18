"""What `GET /answers` takes and answers, and what of Stack Exchange's answer is looked at."""

from html import unescape
from typing import Annotated

from pydantic import AfterValidator, Field

from functions.runtime.models import Answer, Id, Request


class FindAnswers(Request):
    """The query of `GET /answers`: whose error it is, the last line of its traceback, how many questions at most."""

    user_id: Id
    error: str = Field(min_length=3, max_length=200)
    limit: int = Field(default=5, ge=1, le=20)


class Question(Answer):
    """A question that others have asked and that was answered. Somebody else's text: plain, and a link to one site."""

    title: Annotated[str, Field(max_length=500), AfterValidator(unescape)]
    link: str = Field(pattern=r"^https://stackoverflow\.com/", max_length=500)
    score: int
    answer_count: int


class Found(Answer):
    """Stack Exchange's wrapper (https://api.stackexchange.com/docs/wrapper); the rest of it is ignored."""

    items: list[Question]


class Answers(Answer):
    """The questions, the best liked first; licensed CC BY-SA, by those who wrote them (see `link`)."""

    error: str
    questions: list[Question]
