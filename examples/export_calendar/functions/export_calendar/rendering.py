"""A calendar as text (RFC 5545), by `icalendar`: it folds lines and escapes text as calendar programs want it.

The package is this function's own: no other image has it.
"""

from datetime import datetime

from icalendar import Calendar, Event

from functions.export_calendar.models import PlannedReview
from functions.runtime.events import stable_id


def calendar_of(user_id: str, reviews: list[PlannedReview], now: datetime) -> str:
    """An event of a day for each review."""
    calendar = Calendar()
    calendar.add("prodid", "-//LearnFlow//export-calendar//EN")
    calendar.add("version", "2.0")
    for review in reviews:
        event = Event()
        event.add("uid", stable_id("review", user_id, review.topic))  # the same review, moved, not one more
        event.add("dtstamp", now)
        event.add("dtstart", review.due.date())
        event.add("summary", f"Review: {review.title}")
        calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode()
