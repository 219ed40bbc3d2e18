"""Whether an alert asks for a remedial lesson, on which topic, and why: for the learner to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.learning.curriculum import course
from functions.learning.learner import Alert, Learner
from functions.learning.lesson_choice import to_mend
from functions.learning.struggle import IN_WORDS
from functions.runtime.ports import Ports, Sql
from functions.usecases.learners import load_entries
from functions.usecases.tables import query

TO_THE_LEARNER = IN_WORDS | {"says_stuck": "your message that you are stuck"}
LISTED = "SELECT lesson_id, created_at FROM lessons WHERE user_id = $1 AND topic = $2 AND lesson_type = 'remedial'"


@dataclass(frozen=True, slots=True)
class Remedial:
    """A remedial lesson that the learner has; not completed: `completed_at` is None."""

    made_at: datetime
    completed_at: datetime | None


async def remedial_lessons(ports: Ports, learner: Learner, topic: str) -> list[Remedial]:
    """Those of a topic, whoever asked for them.

    The list is asked too: a lesson is there as soon as it is made, and in the document once its event has come.
    """
    entries = {entry.lesson_id: entry for entry in await load_entries(ports.documents, learner)}
    listed = await query(ports.read_model, Sql(LISTED, [learner.user_id, topic]))
    made = {str(lesson_id): str(created_at) for lesson_id, created_at in listed}
    for entry in entries.values():
        if entry.topic == topic and entry.listed and entry.listed["lesson_type"] == "remedial":
            made[entry.lesson_id] = entry.listed["created_at"]
    done = {lesson_id: entry.completed_at for lesson_id, entry in entries.items()}
    return [Remedial(datetime.fromisoformat(at), done.get(lesson_id)) for lesson_id, at in made.items()]


def is_answered(alert: Alert, had: Iterable[Remedial]) -> bool:
    """Whether the learner has a remedial lesson to do, or had one after the alert was opened.

    The latter, because the event may come again long after the lesson that it led to was completed.
    """
    return any(
        lesson.completed_at is None or lesson.completed_at > alert.opened_at or lesson.made_at >= alert.opened_at
        for lesson in had
    )


def topic_of(alert: Alert, learner: Learner) -> str | None:
    """The alert's topic; for a lesson that nothing is known of, the one that needs mending most, if any does."""
    found = to_mend(learner, course()) if alert.topic is None else None
    return found[0] if found else alert.topic


def reason_of(alert: Alert, topic: str) -> str:
    """Why the lesson was written; none of the learner's own words."""
    if alert.topic is None:
        return f"Written because of {TO_THE_LEARNER[alert.trigger]}."
    return f"Written because of {TO_THE_LEARNER[alert.trigger]} in {course().topic(topic).title}."
