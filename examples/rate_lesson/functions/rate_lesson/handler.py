"""What a learner thinks of a lesson, kept beside their document: exported with it, and deleted with it."""

from functions.rate_lesson.models import RateLesson, Rating
from functions.runtime.errors import NotFound
from functions.runtime.idempotency import REPLAYED, record_key, remember, replay
from functions.runtime.ports import Call, Ports, Reply, Write
from functions.usecases.access import check_learner
from functions.usecases.learners import commit_learner, load_learner, reopen_lessons, until_committed
from functions.usecases.own_documents import own_key

NAME = "rate-lesson"


async def rate_lesson(ports: Ports, call: Call, request: RateLesson) -> Reply:
    """Say what a lesson was worth"""
    await check_learner(ports.documents, call.principal, request.user_id)
    own = own_key(NAME, request.user_id)
    record = record_key(NAME, request.user_id, call.idempotency_key) if call.idempotency_key else None

    async def decide() -> Reply:
        # first: the learner's ETag guards all that is read after it, and whoever forgets the learner changes it
        learner, stored = await load_learner(ports.documents, request.user_id)
        found = await ports.documents.load(own, *([record] if record else []))
        if record and (kept := replay(found.get(record), call)):
            return Reply(Rating.model_validate(kept), 201, REPLAYED)
        reopened = await reopen_lessons(ports.documents, learner, [request.lesson_id])
        if request.lesson_id not in learner.lessons:
            raise NotFound(f"The learner {request.user_id} has no lesson {request.lesson_id}.")
        rating = Rating(**request.model_dump(), rated_at=call.now)
        kept = rating.model_dump(mode="json")
        ratings = (found[own].value if own in found else {}) | {request.lesson_id: kept}
        also = [*reopened, Write(own, ratings), *([remember(record, call, kept)] if record else [])]
        await commit_learner(ports, learner, stored, also=also)
        return Reply(rating, 201)

    return await until_committed(decide)
