"""Writes a lesson ahead of time: the next one when one was completed, a remedial one when its learner struggles.

A lesson's id is made of its cause and its document is written only where there is none, so a cause has one lesson,
whatever events come twice, late or to several replicas. Nothing here is a cause of itself: only what a learner does is.
A lesson is dated by its cause: it is the same whenever the event is handled, and one whose learner was forgotten in the
meantime is of before, which `track_lesson` sees. The learner's document is only read.
"""

from datetime import datetime

from functions.learning.curriculum import course
from functions.learning.learner import Learner
from functions.learning.lesson_choice import is_taught
from functions.prepare_lesson.remedial import is_answered, reason_of, remedial_lessons, topic_of
from functions.runtime.events import stable_id
from functions.runtime.ports import ABSENT, Ports, Received, Write
from functions.usecases.events import ProgressUpdated, StruggleDetected
from functions.usecases.learners import load_learner, reopen_lessons, until_committed
from functions.usecases.lesson_documents import LessonDocument, lesson_key
from functions.usecases.making_lessons import Order, announcement, list_lesson, make_lesson
from functions.usecases.projection import is_forgotten
from functions.usecases.publishing import Outgoing, publish
from functions.usecases.writing_lessons import Wanted, Written, assign, write_lesson

NAME = "prepare-lesson"


async def prepare_next(ports: Ports, event: Received[ProgressUpdated]) -> None:
    """Once for each completed lesson: the best next one, as the learner's document has it now."""
    data = event.data
    if data.status != "completed" or data.previous_status == "completed":
        return
    learner, _ = await load_learner(ports.documents, data.user_id)
    completed_at = event.time or data.timestamp
    if is_forgotten(learner, completed_at):
        return
    await reopen_lessons(ports.documents, learner, [data.lesson_id])  # only to be looked at
    entry = learner.lessons.get(data.lesson_id)
    if entry is None or entry.status != "completed":
        return  # made up
    await _prepare(ports, learner, ("next", data.lesson_id), "progress", Wanted(), completed_at)


async def prepare_remedial(ports: Ports, event: Received[StruggleDetected]) -> None:
    """Once for each topic that a learner struggles with, until they have completed it: then for a new alert again.

    None where a remedial lesson of the topic waits already, whoever asked for it.
    """
    learner, _ = await load_learner(ports.documents, event.data.user_id)
    cause = next((alert for alert in learner.alerts if alert.alert_id == event.data.alert_id), None)
    if cause is None:
        return  # resolved since, the learner was forgotten, or made up
    topic = topic_of(cause, learner)
    if topic is None or not is_taught(course(), topic):
        return
    had = await remedial_lessons(ports, learner, topic)
    if is_answered(cause, had):
        return
    # the first of those that are open, whichever event comes first
    alerts = [alert for alert in learner.alerts if alert.topic == cause.topic and not is_answered(alert, had)]
    first = min(alerts, key=lambda alert: alert.opened_at)
    wanted = Wanted(topic, "remedial", reason=reason_of(first, topic))
    await _prepare(ports, learner, ("remedial", topic, len(had)), "alert", wanted, first.opened_at)


async def _prepare(
    ports: Ports, learner: Learner, cause: tuple[object, ...], requested_by: str, wanted: Wanted, at: datetime
) -> None:
    """The lesson kept, listed and announced, unless it is there already."""
    # of a learner who was forgotten and is back, the same cause is another
    lesson_id = stable_id("lesson", learner.user_id, learner.forgotten_at, *cause)
    order = Order(lesson_id, learner.user_id, course().course_id, requested_by)
    written: Written | None = None

    async def decide() -> tuple[LessonDocument, Outgoing] | None:
        nonlocal written
        if await ports.documents.load(lesson_key(lesson_id)):
            return None
        # once, and only where there is none: a language model may be asked
        written = written or await write_lesson(ports, assign(learner, wanted, at))
        lesson = make_lesson(order, written, None, at)
        event = announcement(lesson, NAME, at)
        await ports.documents.commit(Write(lesson_key(lesson_id), lesson.value(), ABSENT), event.row())
        return lesson, event

    if kept := await until_committed(decide):
        lesson, event = kept
        # before its event: whose handler takes the row away if the learner was forgotten in the meantime
        await list_lesson(ports, lesson, at)
        await publish(ports, [event])
