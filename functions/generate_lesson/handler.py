"""The Course Agent: writes a lesson for one learner. It never touches the learner's document."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime

from functions.generate_lesson.models import GenerateLesson
from functions.runtime.errors import Forbidden, NotFound, Unavailable, invalid
from functions.runtime.idempotency import (
    REPLAYED,
    chosen_key,
    record_key,
    remember,
    replay,
)
from functions.runtime.models import rfc3339
from functions.runtime.ports import ABSENT, Call, Ports, Reply, Stored, Write
from functions.runtime.telemetry import log
from functions.usecases.events import LessonGenerated
from functions.usecases.learners import learner_from, learner_key, until_committed
from functions.usecases.lesson_documents import (
    LessonDocument,
    lesson_from,
    lesson_key,
)
from functions.usecases.lesson_models import LessonAnswer, public_lesson
from functions.usecases.projection import put_lesson
from functions.usecases.publishing import Outgoing, outgoing, publish
from functions.usecases.writing_lessons import Wanted, write_lesson

NAME = "generate-lesson"
STREAM = "text/event-stream"


async def generate_lesson(ports: Ports, call: Call, request: GenerateLesson) -> Reply:
    """Write a lesson for one learner"""
    if not call.principal.may_act_for(request.user_id):
        raise Forbidden("You may only ask for lessons of your own.")
    key = chosen_key(call, request.request_id)
    record = record_key(NAME, request.user_id, key) if key else None
    new_id = str(uuid.uuid4())  # not made of the key: that may be used again once its record has expired
    lesson, event, replayed = await until_committed(
        lambda: _decide(ports, call, request, request.lesson_id or new_id, record)
    )
    # before its event: whose handler takes the row away if the learner was forgotten in the meantime
    answer = public_lesson(lesson, listed=await _list(ports, lesson, call.now))
    if event is not None:
        await publish(ports, [event])
    headers = {"Location": f"{call.public_url}/lessons/{lesson.lesson_id}"} | (REPLAYED if replayed else {})
    if call.accept == STREAM:
        return Reply(_stream(answer), 201, headers | {"Cache-Control": "no-store"}, STREAM)
    return Reply(answer, 201, headers)


async def _decide(
    ports: Ports, call: Call, request: GenerateLesson, lesson_id: str, record: str | None
) -> tuple[LessonDocument, Outgoing | None, bool]:
    own, body = learner_key(request.user_id), lesson_key(lesson_id)
    stored = await ports.documents.load(own, body, *([record] if record else []))
    if record and (result := replay(stored.get(record), call)):
        kept = await ports.documents.load(lesson_key(result["lesson_id"]))
        return lesson_from(kept[lesson_key(result["lesson_id"])]), None, True
    previous = _previous(stored.get(body), request)
    wanted = Wanted(request.topic, request.lesson_type, request.difficulty_level, request.time_budget_minutes)
    content, provenance = write_lesson(learner_from(stored.get(own), request.user_id), wanted)
    now = rfc3339(call.now)
    lesson = LessonDocument(
        lesson_id=lesson_id,
        user_id=request.user_id,
        course_id=request.course_id,
        requested_by="learner" if call.principal.user_id == request.user_id else call.principal.role,
        version=previous.version + 1 if previous else 1,
        created_at=previous.created_at if previous else now,
        updated_at=now,
        provenance=provenance,
        lesson=content,
    )
    data = event_of(lesson)
    event = outgoing(
        data, source=NAME, subject=lesson_id, user_id=lesson.user_id, facts=(lesson_id, lesson.version), now=call.now
    )
    guard = stored[body].etag if previous else ABSENT
    also = [remember(record, call, {"lesson_id": lesson_id})] if record else []
    await ports.documents.commit(Write(body, lesson.value(), guard), event.row(), *also)
    return lesson, event, False


def _previous(stored: Stored | None, request: GenerateLesson) -> LessonDocument | None:
    """The lesson that is to be written anew. Raises NotFound, or InvalidRequest when it is somebody else's."""
    if request.lesson_id is None:
        return None
    if stored is None:
        raise NotFound(f"There is no lesson {request.lesson_id} to write anew.")
    previous = lesson_from(stored)
    if previous.user_id != request.user_id:
        raise invalid("lesson_id", "the lesson was written for another learner")
    return previous


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


async def _list(ports: Ports, lesson: LessonDocument, now: datetime) -> bool:
    """Puts the row into the read model, so that the learner's next list has it; the event would do it later."""
    try:
        await put_lesson(ports.read_model, event_of(lesson), now)
    except Unavailable as error:
        log.warning("the lesson is not listed yet", extra={"why": error.detail})
        return False
    return True


async def _stream(answer: LessonAnswer) -> AsyncIterator[tuple[str, str]]:
    """Server-sent events: each section, then the whole lesson."""
    for section in answer.sections:
        yield "section", section.model_dump_json()
    yield "lesson", answer.model_dump_json()
