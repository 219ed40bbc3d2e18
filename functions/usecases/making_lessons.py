"""A lesson from being asked for to being in the learner's list: its document, its event, its row.

The same for whoever asks: the Course Agent for a request, `prepare_lesson` for an event. They `assign` and write the
lesson first (`writing_lessons`), then decide and commit: a decision that is made again writes nothing again.
"""

from dataclasses import dataclass
from datetime import datetime

from functions.runtime.errors import Unavailable
from functions.runtime.models import rfc3339
from functions.runtime.ports import Ports
from functions.runtime.telemetry import log
from functions.usecases.events import LessonGenerated
from functions.usecases.lesson_documents import LessonDocument
from functions.usecases.projection import put_lesson
from functions.usecases.publishing import Outgoing, outgoing
from functions.usecases.writing_lessons import Written


@dataclass(frozen=True)
class Order:
    """Who gets the lesson; `requested_by` is learner, teacher, progress or alert."""

    lesson_id: str
    user_id: str
    course_id: str
    requested_by: str


def make_lesson(order: Order, written: Written, previous: LessonDocument | None, now: datetime) -> LessonDocument:
    """The lesson, not yet kept; a `previous` one is written anew as its next version."""
    return LessonDocument(
        lesson_id=order.lesson_id,
        user_id=order.user_id,
        course_id=order.course_id,
        requested_by=order.requested_by,
        version=previous.version + 1 if previous else 1,
        created_at=previous.created_at if previous else rfc3339(now),
        updated_at=rfc3339(now),
        provenance=written.provenance,
        lesson=written.lesson,
    )


def announcement(lesson: LessonDocument, source: str, now: datetime) -> Outgoing:
    """The event that tells of this version of the lesson; `source` is the function that wrote it."""
    facts = (lesson.lesson_id, lesson.version)
    return outgoing(
        event_of(lesson), source=source, subject=lesson.lesson_id, user_id=lesson.user_id, facts=facts, now=now
    )


async def list_lesson(ports: Ports, lesson: LessonDocument, now: datetime) -> bool:
    """Puts the row into the read model, so that the learner's next list has it; the event would do it later."""
    try:
        await put_lesson(ports.read_model, event_of(lesson), now)
    except Unavailable as error:
        log.warning("the lesson is not listed yet", extra={"why": error.detail})
        return False
    return True


def event_of(lesson: LessonDocument) -> LessonGenerated:
    """What `lesson-generated` tells of a lesson; also its row in the read model."""
    elements = lesson.lesson["curriculum_elements"]
    return LessonGenerated.model_validate(
        {
            "lesson_id": lesson.lesson_id,
            "user_id": lesson.user_id,
            "course_id": lesson.course_id,
            "module": elements["module_id"],
            "topic": elements["topic_id"],
            "lesson_type": lesson.lesson["lesson_type"],
            "difficulty_level": lesson.lesson["difficulty_level"],
            "title": lesson.lesson["title"],
            "objectives": elements["objectives"],
            "estimated_duration": lesson.lesson["metadata"]["estimated_duration"],
            "requested_by": lesson.requested_by,
            "version": lesson.version,
            "created_at": lesson.created_at,
            "updated_at": lesson.updated_at,
            "timestamp": lesson.updated_at,
        }
    )
