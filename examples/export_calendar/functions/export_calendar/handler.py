"""A learner's reviews as a calendar, for the calendar programs that people have already."""

from functions.export_calendar.models import NoQuery, PlannedReview, ReviewCalendar
from functions.export_calendar.rendering import calendar_of
from functions.learning.curriculum import course
from functions.runtime.ports import Call, Ports, Reply
from functions.usecases.access import check_learner
from functions.usecases.learners import load_learner

CALENDAR = "text/calendar"


async def export_calendar(ports: Ports, call: Call, request: NoQuery, user_id: str) -> Reply:  # noqa: ARG001
    """When which topic is to be reviewed, as a calendar to subscribe to"""
    await check_learner(ports.documents, call.principal, user_id)
    learner, _ = await load_learner(ports.documents, user_id)
    planned = sorted((review.due, topic_id) for topic_id, review in learner.reviews.items())
    known = [(due, course().by_id[topic_id]) for due, topic_id in planned if topic_id in course().by_id]
    reviews = [PlannedReview(topic=topic.topic_id, title=topic.title, due=due) for due, topic in known]
    headers = {"Vary": "Accept", "Cache-Control": "private, max-age=3600"}
    if call.accept == CALENDAR:
        return Reply(calendar_of(user_id, reviews, call.now), headers=headers, media_type=CALENDAR)
    return Reply(ReviewCalendar(user_id=user_id, reviews=reviews), headers=headers)
