"""The Course Agent: writes a lesson for one learner. It never touches the learner's document."""

import uuid
from collections.abc import AsyncIterator

from functions.generate_lesson.models import GenerateLesson
from functions.runtime.errors import NotFound, invalid
from functions.runtime.idempotency import (
    REPLAYED,
    chosen_key,
    record_key,
    remember,
    replay,
)
from functions.runtime.ports import ABSENT, Call, Ports, Reply, Stored, Write
from functions.usecases.access import check_learner
from functions.usecases.learners import learner_from, learner_key, until_committed
from functions.usecases.lesson_documents import (
    LessonDocument,
    lesson_from,
    lesson_key,
)
from functions.usecases.lesson_models import LessonAnswer, public_lesson
from functions.usecases.making_lessons import Order, announcement, list_lesson, make_lesson
from functions.usecases.publishing import Outgoing, publish
from functions.usecases.rate_limit import take_turn
from functions.usecases.writing_lessons import Wanted

NAME = "generate-lesson"
STREAM = "text/event-stream"


async def generate_lesson(ports: Ports, call: Call, request: GenerateLesson) -> Reply:
    """Write a lesson for one learner"""
    await check_learner(ports.documents, call.principal, request.user_id)
    key = chosen_key(call, request.request_id)
    record = record_key(NAME, request.user_id, key) if key else None
    await take_turn(ports, call, NAME, request.user_id, record)
    new_id = str(uuid.uuid4())  # not made of the key: that may be used again once its record has expired
    lesson, event, replayed = await until_committed(
        lambda: _decide(ports, call, request, request.lesson_id or new_id, record)
    )
    # before its event: whose handler takes the row away if the learner was forgotten in the meantime
    answer = public_lesson(lesson, listed=await list_lesson(ports, lesson, call.now))
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
    by = "learner" if call.principal.user_id == request.user_id else "teacher"  # or a service, for one
    order = Order(lesson_id, request.user_id, request.course_id, by, wanted)
    lesson = make_lesson(order, learner_from(stored.get(own), request.user_id), previous, call.now)
    event = announcement(lesson, NAME, call.now)
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


async def _stream(answer: LessonAnswer) -> AsyncIterator[tuple[str, str]]:
    """Server-sent events: each section, then the whole lesson."""
    for section in answer.sections:
        yield "section", section.model_dump_json()
    yield "lesson", answer.model_dump_json()
