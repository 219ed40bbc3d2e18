"""The Course Agent: writes a lesson for one learner. It never touches the learner's document.

All that can be refused is refused before anything is written; the lesson is then written once, however often keeping
it has to be decided again, and a request that was answered before writes nothing.
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass

from functions.generate_lesson.models import GenerateLesson
from functions.learning.lessons import types
from functions.runtime.errors import NotFound, invalid
from functions.runtime.idempotency import (
    REPLAYED,
    chosen_key,
    record_key,
    remember,
    replay,
)
from functions.runtime.ports import ABSENT, Call, Ports, Reply, Stored, Write
from functions.runtime.streaming import Emit, streamed
from functions.usecases.access import check_learner
from functions.usecases.learners import learner_from, learner_key, until_committed
from functions.usecases.lesson_documents import (
    LessonDocument,
    lesson_from,
    lesson_key,
)
from functions.usecases.lesson_models import LessonAnswer, Section, public_lesson
from functions.usecases.making_lessons import Order, announcement, list_lesson, make_lesson
from functions.usecases.publishing import Outgoing, publish
from functions.usecases.rate_limit import take_turn
from functions.usecases.writing_lessons import Assignment, Tell, Wanted, Written, assign, write_lesson

NAME = "generate-lesson"
STREAM = "text/event-stream"
Read = Mapping[str, Stored]


@dataclass(frozen=True)
class Commission:
    """A request on its way to a lesson. `record`: the key of its idempotency record, if it came with a key."""

    call: Call
    request: GenerateLesson
    order: Order
    record: str | None

    @property
    def body(self) -> str:
        return lesson_key(self.order.lesson_id)


async def generate_lesson(ports: Ports, call: Call, request: GenerateLesson) -> Reply:
    """Write a lesson for one learner"""
    await check_learner(ports.documents, call.principal, request.user_id)
    key = chosen_key(call, request.request_id)
    by = "learner" if call.principal.user_id == request.user_id else "teacher"  # or a service, for one
    # a new id is not made of the key: that may be used again once its record has expired
    order = Order(request.lesson_id or str(uuid.uuid4()), request.user_id, request.course_id, by)
    commission = Commission(call, request, order, record_key(NAME, request.user_id, key) if key else None)
    own = learner_key(request.user_id)
    read = await _load(ports, commission, own)
    if done := await _done_before(ports, commission, read):
        answer = public_lesson(done, listed=await list_lesson(ports, done, call.now))
        return _reply(call, done.lesson_id, _replayed(answer) if call.accept == STREAM else answer, REPLAYED)
    _previous(commission, read)
    wanted = Wanted(request.topic, request.lesson_type, request.difficulty_level, request.time_budget_minutes)
    assignment = assign(learner_from(read.get(own), request.user_id), wanted, call.now)
    await take_turn(ports, call, NAME, request.user_id, commission.record)
    if call.accept == STREAM:
        return _reply(call, order.lesson_id, streamed(lambda emit: _stream(ports, commission, assignment, read, emit)))
    answer, replayed = await _make(ports, commission, assignment, read)
    return _reply(call, answer.lesson_id, answer, REPLAYED if replayed else {})


async def _make(
    ports: Ports, commission: Commission, assignment: Assignment, read: Read, tell: Tell | None = None
) -> tuple[LessonAnswer, bool]:
    """The lesson written, kept, listed and announced; and whether another request with this key was faster."""
    written = await write_lesson(ports, assignment, tell)
    lesson, event = await _keep(ports, commission, written, read)
    # before its event: whose handler takes the row away if the learner was forgotten in the meantime
    answer = public_lesson(lesson, listed=await list_lesson(ports, lesson, commission.call.now))
    if event is not None:
        await publish(ports, [event])
    return answer, event is None


async def _keep(
    ports: Ports, commission: Commission, written: Written, read: Read
) -> tuple[LessonDocument, Outgoing | None]:
    """Commits the lesson with its event; no event if another request with this key was faster, whose lesson it is then.

    `read` is good for the first try: its guards say whether it still holds.
    """
    fresh: Read | None = read

    async def decide() -> tuple[LessonDocument, Outgoing | None]:
        nonlocal fresh
        stored, fresh = fresh or await _load(ports, commission), None
        if done := await _done_before(ports, commission, stored):
            return done, None
        previous = _previous(commission, stored)
        lesson = make_lesson(commission.order, written, previous, commission.call.now)
        event = announcement(lesson, NAME, commission.call.now)
        guard = stored[commission.body].etag if previous else ABSENT
        result = {"lesson_id": lesson.lesson_id}
        also = [remember(commission.record, commission.call, result)] if commission.record else []
        await ports.documents.commit(Write(commission.body, lesson.value(), guard), event.row(), *also)
        return lesson, event

    return await until_committed(decide)


async def _load(ports: Ports, commission: Commission, *also: str) -> Read:
    return await ports.documents.load(commission.body, *also, *([commission.record] if commission.record else []))


async def _done_before(ports: Ports, commission: Commission, read: Read) -> LessonDocument | None:
    """The lesson that was made for this idempotency key. Raises KeyReused when that was for another body."""
    result = replay(read.get(commission.record), commission.call) if commission.record else None
    if not result:
        return None
    key = lesson_key(result["lesson_id"])
    return lesson_from((await ports.documents.load(key))[key])


def _previous(commission: Commission, read: Read) -> LessonDocument | None:
    """The lesson that is to be written anew. Raises NotFound, or InvalidRequest when it is somebody else's."""
    if commission.request.lesson_id is None:
        return None
    stored = read.get(commission.body)
    if stored is None:
        raise NotFound(f"There is no lesson {commission.request.lesson_id} to write anew.")
    previous = lesson_from(stored)
    if previous.user_id != commission.request.user_id:
        raise invalid("lesson_id", "the lesson was written for another learner")
    return previous


def _reply(
    call: Call,
    lesson_id: str,
    body: LessonAnswer | AsyncIterator[tuple[str, str]],
    headers: Mapping[str, str] | None = None,
) -> Reply:
    shown = {"Location": f"{call.public_url}/lessons/{lesson_id}", **(headers or {})}
    if isinstance(body, LessonAnswer):
        return Reply(body, 201, shown)
    return Reply(body, 201, shown | {"Cache-Control": "no-store"}, STREAM)


async def _stream(ports: Ports, commission: Commission, assignment: Assignment, read: Read, emit: Emit) -> None:
    """Each section as soon as it is ready, then the whole lesson: only that says that anything is kept."""

    async def tell(section: types.Section) -> None:
        emit("section", Section.model_validate(asdict(section)).model_dump_json())

    answer, _ = await _make(ports, commission, assignment, read, tell)
    emit("lesson", answer.model_dump_json())


async def _replayed(answer: LessonAnswer) -> AsyncIterator[tuple[str, str]]:
    for section in answer.sections:
        yield "section", section.model_dump_json()
    yield "lesson", answer.model_dump_json()
