"""Puts a new lesson where the learner and the lists will see it."""

from functions.learning.learner import remember_event
from functions.learning.progress import entry_for
from functions.runtime.ports import Ports, Received
from functions.usecases.events import LessonGenerated
from functions.usecases.learners import (
    commit_learner,
    learner_from,
    learner_key,
    until_committed,
)
from functions.usecases.publishing import publish
from functions.usecases.read_model import put_lesson


async def track_lesson(ports: Ports, event: Received[LessonGenerated]) -> None:
    """Creates the lesson's `not_started` entry if absent, then its row in the read model."""

    async def decide() -> None:
        key = learner_key(event.data.user_id)
        stored = (await ports.documents.load(key)).get(key)
        learner = learner_from(stored, event.data.user_id)
        known = event.data.lesson_id in learner.lessons and learner.lessons[event.data.lesson_id].topic
        if not remember_event(learner, event.key) or known:
            return
        entry_for(learner, event.data.lesson_id, event.data.course_id, event.data.topic)
        learner.version, learner.updated_at = learner.version + 1, event.now
        await publish(ports, await commit_learner(ports, learner, stored))

    await until_committed(decide)
    await put_lesson(ports.read_model, event.data, event.key)  # last: it can be done again, the entry shows the rest
