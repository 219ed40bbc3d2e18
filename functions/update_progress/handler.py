"""Records what a learner did: decide on the document, commit it with its events, publish, answer."""

import re
import secrets
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta

from functions.learning import next_step, progress
from functions.learning.curriculum import UnknownTopic, course
from functions.learning.learner import Learner
from functions.learning.streak import at_last_activity
from functions.runtime.errors import Forbidden, PreconditionFailed, invalid
from functions.runtime.events import stable_id
from functions.runtime.idempotency import (
    REPLAYED,
    chosen_key,
    record_key,
    remember,
    replay,
)
from functions.runtime.ports import Call, Json, Ports, Reply
from functions.update_progress.answer import answer_for
from functions.update_progress.evidence import graded
from functions.update_progress.models import (
    BatchProgress,
    LessonProgress,
    Observed,
    UpdateProgress,
)
from functions.usecases.events import ProgressUpdated
from functions.usecases.learners import (
    commit_learner,
    learner_from,
    learner_key,
    until_committed,
)
from functions.usecases.lesson_documents import load_lessons
from functions.usecases.publishing import Outgoing, outgoing, publish

NAME = "update-progress"
Updates = Sequence[tuple[str, Observed]]
CLOCK_SKEW = timedelta(minutes=5)  # a front end's clock may run ahead this far


@dataclass(frozen=True)
class Decision:
    """What a commit came to: the answer's JSON, and what is to be published."""

    result: Json
    replayed: bool = False
    events: Sequence[Outgoing] = ()


async def update_progress(ports: Ports, call: Call, request: UpdateProgress) -> Reply:
    """Record evidence and progress for one lesson, or for several at once"""
    if not call.principal.may_act_for(request.user_id):
        raise Forbidden("You may only report your own progress.")
    updates = request.lessons()
    for index, (_, update) in enumerate(updates):
        if update.occurred_at and update.occurred_at > call.now + CLOCK_SKEW:
            raise invalid(_path(request, index) + "occurred_at", "lies in the future")
    key = chosen_key(call, request.request_id)
    request_key = key or secrets.token_hex(16)  # chosen once: a lost race must not make other evidence ids
    record = record_key(NAME, request.user_id, key) if key else None

    decision = await until_committed(lambda: _decide(ports, call, request, updates, request_key, record))
    await publish(ports, decision.events)
    model = BatchProgress if request.updates is not None else LessonProgress
    return Reply(model.model_validate(decision.result), headers=REPLAYED if decision.replayed else {})


async def _decide(
    ports: Ports, call: Call, request: UpdateProgress, updates: Updates, request_key: str, record: str | None
) -> Decision:
    own = learner_key(request.user_id)
    stored = await ports.documents.load(own, *([record] if record else []))
    if record and (result := replay(stored.get(record), call)):
        return Decision(result, replayed=True)
    learner = learner_from(stored.get(own), request.user_id)
    _check_version(call.if_match, learner)
    lessons = await _lessons(ports, learner, updates)

    before = learner_from(stored.get(own), request.user_id)  # parsed again: cheaper than a deep copy
    learner.version, learner.updated_at = learner.version + 1, call.now
    results = []
    for index, (lesson_id, update) in enumerate(updates):
        previous, path = deepcopy(learner) if index else before, _path(request, index)
        lesson = lessons.get(lesson_id)
        fact = _fact(learner.user_id, lesson_id, update, lesson, call, f"{request_key}/{index}", path)
        progress.apply(learner, fact)
        results.append(answer_for(previous, learner, fact, lesson is not None, call.now))
    events = _events(before, learner, results, call)
    result = BatchProgress(user_id=learner.user_id, results=results) if request.updates is not None else results[0]
    dumped = result.model_dump(mode="json")
    also = [remember(record, call, dumped)] if record else []
    return Decision(dumped, events=await commit_learner(ports, learner, stored.get(own), events, also))


async def _lessons(ports: Ports, learner: Learner, updates: Updates) -> dict[str, Json]:
    """The lessons that are known here; the body is only needed to find a topic or the questions of a quiz."""
    known: dict[str, Json] = {}
    needed = []
    for lesson_id, update in updates:
        entry = learner.lessons.get(lesson_id)
        asks = any(e.kind == "quiz" and e.answers for e in update.evidence)
        if entry and entry.topic and not asks:
            known[lesson_id] = {"topic": entry.topic, "course_id": entry.course_id}
        else:
            needed.append(lesson_id)
    return known | await load_lessons(ports.documents, needed, owner=learner.user_id)


def _fact(
    user_id: str, lesson_id: str, update: Observed, lesson: Json | None, call: Call, request_key: str, path: str
) -> progress.Update:
    topic_id = lesson["topic"] if lesson else update.topic
    if lesson and update.topic not in (None, topic_id):
        raise invalid(f"{path}topic", f"the lesson's topic is {topic_id}")
    if update.evidence and topic_id is None:
        raise invalid(f"{path}evidence", "the lesson is not known here, so evidence needs a topic")
    update_id = stable_id(user_id, request_key)
    evidence = []
    if topic_id is not None:
        try:
            topic = course().topic(topic_id)
        except UnknownTopic as error:
            raise invalid(f"{path}topic", f"there is no topic {topic_id}") from error
        questions = lesson.get("questions", ()) if lesson else ()
        evidence = graded(update.evidence, topic, lesson_id, questions, update_id, path)
    return progress.Update(
        update_id=update_id,
        lesson_id=lesson_id,
        course_id=lesson["course_id"] if lesson else course().course_id,
        topic=topic_id,
        occurred_at=update.occurred_at or call.now,
        progress_percentage=update.percentage,
        status=update.status,
        achievement_metrics=update.progress_data.achievement_metrics if update.progress_data else None,
        timezone=update.timezone,
        evidence=evidence,
    )


def _events(before: Learner, learner: Learner, results: list[LessonProgress], call: Call) -> list[Outgoing]:
    """One event for each lesson in which something changed, all of them telling the learner's final state."""
    mastery = next_step.levels(learner, course())
    events = []
    for result in {r.lesson_id: r for r in results}.values():
        changed = [c for r in results if r.lesson_id == result.lesson_id for c in r.changes]
        if not changed:
            continue
        entry, old = learner.lessons[result.lesson_id], before.lessons.get(result.lesson_id)
        known = mastery.get(entry.topic or "")
        data = ProgressUpdated(
            user_id=learner.user_id,
            lesson_id=entry.lesson_id,
            topic=entry.topic,
            progress_percentage=entry.progress_percentage,
            status=entry.status,
            previous_status=old.status if old else "not_started",
            mastery=known.score if known else None,
            level=known.level.name if known else None,
            streak_days=at_last_activity(learner.days),
            timestamp=call.now,
            version=learner.version,
        )
        facts = (learner.user_id, entry.lesson_id, learner.version)
        events.append(
            outgoing(data, source=NAME, subject=learner.user_id, user_id=learner.user_id, facts=facts, now=call.now)
        )
    return events


def _check_version(if_match: str | None, learner: Learner) -> None:
    """`If-Match` compares the document's version: that of an answer, or the ETag of `GET /status`."""
    if if_match is None or (if_match.strip() == "*" and learner.version):
        return
    found = re.match(r'\s*(?:W/)?"?(\d+)', if_match)
    if found is None or int(found[1]) != learner.version:
        raise PreconditionFailed(f"The learner's version is {learner.version}; read it again, then decide.")


def _path(request: UpdateProgress, index: int) -> str:
    return f"updates.{index}." if request.updates is not None else ""
