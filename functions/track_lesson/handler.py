"""Puts a new lesson where the learner and the lists will see it."""

from functions.learning.learner import Learner, remember_event
from functions.learning.progress import entry_for
from functions.runtime.ports import Ports, Received, Write
from functions.usecases.events import LessonGenerated
from functions.usecases.learners import commit_learner, load_learner, reopen_lessons, until_committed
from functions.usecases.lesson_documents import lesson_key
from functions.usecases.projection import is_forgotten, learner_row, listed_of, listed_row, progress_row, show, unlist
from functions.usecases.publishing import publish


async def track_lesson(ports: Ports, event: Received[LessonGenerated]) -> None:
    """Creates the lesson's `not_started` entry if absent, then its rows in the read model."""

    async def decide() -> Learner:
        learner, stored = await load_learner(ports.documents, event.data.user_id)
        reopened = await reopen_lessons(ports.documents, learner, [event.data.lesson_id])
        if _is_new(learner, event) and remember_event(learner, event.key):
            entry = entry_for(learner, event.data.lesson_id, event.data.course_id, event.data.topic)
            entry.listed = listed_of(event.data)
            learner.version, learner.updated_at = learner.version + 1, event.now
            await publish(ports, await commit_learner(ports, learner, stored, also=reopened))
        return learner

    learner = await until_committed(decide)
    # only to be looked at: a lesson that is told of late is older than all that the document holds, and sealed at once
    await reopen_lessons(ports.documents, learner, [event.data.lesson_id])
    entry = learner.lessons.get(event.data.lesson_id)
    if entry is None:
        if _is_of_before(learner, event):  # the learner was forgotten since, and the lesson was written for nobody
            await ports.documents.commit(Write(lesson_key(event.data.lesson_id), None))
            await unlist(ports.read_model, event.data.lesson_id)
        return
    listed = listed_row(entry, learner.user_id, event.now)
    # last: it can be done again, the entry shows the rest
    own = [progress_row(learner, entry, event.now), learner_row(learner, event.now)]
    await show(ports, learner, [listed, *own])


def _is_new(learner: Learner, event: Received[LessonGenerated]) -> bool:
    if _is_of_before(learner, event):
        return False
    entry = learner.lessons.get(event.data.lesson_id)
    return entry is None or entry.listed is None or int(entry.listed["version"]) < event.data.version


def _is_of_before(learner: Learner, event: Received[LessonGenerated]) -> bool:
    """Whether the lesson was written before its learner was forgotten."""
    return is_forgotten(learner, event.time or event.data.timestamp)
