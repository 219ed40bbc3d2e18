"""Brings the read model up to date with one learner's progress."""

from functions.learning.learner import Learner
from functions.runtime.ports import Ports, Received
from functions.usecases.events import ProgressUpdated
from functions.usecases.learners import load_learner, reopen_lessons
from functions.usecases.projection import is_forgotten, learner_row, progress_row, show, topic_row
from functions.usecases.tables import TableRow


async def project_progress(ports: Ports, event: Received[ProgressUpdated]) -> None:
    """Writes the rows that this event is about, as the learner's document is now; a late event takes nothing back."""
    learner, _ = await load_learner(ports.documents, event.data.user_id)
    if learner.version and not is_forgotten(learner, event.time or event.data.timestamp):
        await reopen_lessons(ports.documents, learner, [event.data.lesson_id])  # only to be looked at
        await show(ports, learner, _rows(learner, event))


def _rows(learner: Learner, event: Received[ProgressUpdated]) -> list[TableRow]:
    entry = learner.lessons.get(event.data.lesson_id)
    record = learner.topics.get(event.data.topic or "")
    rows = [learner_row(learner, event.now)]
    if entry:
        rows.append(progress_row(learner, entry, event.now))
    if record and event.data.topic:
        rows.append(topic_row(learner, event.data.topic, record, event.now))
    return rows
