"""What `GET /calendar/{user_id}` takes and answers."""

from functions.runtime.models import Answer, Request, Time


class NoQuery(Request):
    """A query that has no parameters."""


class PlannedReview(Answer):
    topic: str
    title: str
    due: Time


class ReviewCalendar(Answer):
    """The next review of each topic, the earliest first; one that is overdue stays where it was due."""

    user_id: str
    reviews: list[PlannedReview]
