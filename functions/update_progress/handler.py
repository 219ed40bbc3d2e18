"""Records what a learner did: decide on the document, commit it with its events, publish, answer."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from functions.learning import progress, struggle
from functions.learning.curriculum import course
from functions.learning.facts import Fact
from functions.learning.learner import Learner
from functions.runtime.errors import Forbidden, PreconditionFailed, Unavailable, invalid
from functions.runtime.events import stable_id
from functions.runtime.idempotency import REPLAYED, chosen_key, record_key, remember, replay
from functions.runtime.ports import Call, Json, Ports, Reply
from functions.update_progress.answer import Figures, answer_for
from functions.update_progress.events import NAME, events_of
from functions.update_progress.evidence import facts_of, voids_of
from functions.update_progress.evidence_models import Evidence
from functions.update_progress.models import BatchProgress, LessonProgress, Observed, UpdateProgress
from functions.usecases.access import check_learner
from functions.usecases.learners import (
    commit_learner,
    learner_from,
    learner_key,
    load_ledger,
    reopen_lessons,
    reopen_topics,
    until_committed,
)
from functions.usecases.lesson_documents import is_own, load_lessons
from functions.usecases.projection import is_forgotten
from functions.usecases.publishing import Outgoing, publish

CLOCK_SKEW = timedelta(minutes=5)  # a front end's clock may run ahead this far


@dataclass(frozen=True)
class Decision:
    """What a commit came to: the answer's JSON, and what is to be published."""

    result: Json
    replayed: bool = False
    events: Sequence[Outgoing] = ()


@dataclass
class Recording:
    """A learner's document while one request changes it. `key`: what the ids of its facts are made of.

    `topics`: those that the request is about; `figures`: the learner's as they are by now.
    """

    ports: Ports
    call: Call
    learner: Learner
    key: str
    topics: set[str]
    figures: Figures
    sightings: list[struggle.Sighting] = field(default_factory=list)


async def update_progress(ports: Ports, call: Call, request: UpdateProgress) -> Reply:
    """Record evidence and progress for one lesson, or for several at once"""
    await check_learner(ports.documents, call.principal, request.user_id)
    for index, (_, update) in enumerate(request.lessons()):
        if update.occurred_at and update.occurred_at > call.now + CLOCK_SKEW:
            raise invalid(_path(request, index) + "occurred_at", "lies in the future")
        if update.is_correction and call.principal.role == "learner":
            raise Forbidden("Only a teacher takes evidence back.")
    key = chosen_key(call, request.request_id)
    request_key = key or secrets.token_hex(16)  # chosen once: a lost race must not make other evidence ids
    record = record_key(NAME, request.user_id, key) if key else None

    decision = await until_committed(lambda: _decide(ports, call, request, request_key, record))
    await publish(ports, decision.events)
    model = BatchProgress if request.updates is not None else LessonProgress
    return Reply(model.model_validate(decision.result), headers=REPLAYED if decision.replayed else {})


async def _decide(ports: Ports, call: Call, request: UpdateProgress, request_key: str, record: str | None) -> Decision:
    own = learner_key(request.user_id)
    stored = await ports.documents.load(own, *([record] if record else []))
    if record and (result := replay(stored.get(record), call)):
        return Decision(result, replayed=True)
    learner = learner_from(stored.get(own), request.user_id)
    if is_forgotten(learner, call.now):
        raise Unavailable("The learner was forgotten while this was under way; nothing was saved.")
    _check_version(call.if_match, learner)
    reopened = await reopen_lessons(ports.documents, learner, [lesson_id for lesson_id, _ in request.lessons()])
    lessons = await _lessons(ports, learner, request.lessons())
    topics = _topics(learner, request, lessons)
    await reopen_topics(ports.documents, learner, topics)

    before = Figures.of(learner, topics)
    recording = Recording(ports, call, learner, request_key, topics, before)
    learner.version, learner.updated_at = learner.version + 1, call.now
    results = []
    for index, (lesson_id, update) in enumerate(request.lessons()):
        path = _path(request, index)
        results.append(await _record(recording, index, lesson_id, update, lessons.get(lesson_id), path))
    events = events_of(before, recording.figures, learner, results, recording.sightings, call.now)
    result = BatchProgress(user_id=learner.user_id, results=results) if request.updates is not None else results[0]
    dumped = result.model_dump(mode="json")
    also = [*reopened, *([remember(record, call, dumped)] if record else [])]
    return Decision(dumped, events=await commit_learner(ports, learner, stored.get(own), events, also))


async def _record(
    recording: Recording, index: int, lesson_id: str, update: Observed, lesson: Json | None, path: str
) -> LessonProgress:
    """One update: its facts into the ledger, the figures, and what they say of a learner who is stuck."""
    learner, call = recording.learner, recording.call
    before, update_id = recording.figures, stable_id(learner.user_id, f"{recording.key}/{index}")
    ledger: list[Fact] | None = None
    if update.is_correction:
        ledger = await _whole_ledger(recording)
        facts = voids_of(update, lesson_id, ledger, call, update_id, path)
    else:
        facts = facts_of(update, lesson_id, lesson or _told(learner, lesson_id), course(), call, update_id, path)
        if progress.needs_ledger(learner, facts, course()):
            ledger = await _whole_ledger(recording)
    progress.record(learner, facts, course(), ledger)
    recording.figures = Figures.of(learner, recording.topics)
    sightings = struggle.detect(learner, facts, lambda *facts: stable_id("alert", learner.user_id, *facts), call.now)
    recording.sightings += sightings
    return answer_for(before, recording.figures, learner, facts, sightings, lesson is not None, call.now)


def _topics(learner: Learner, request: UpdateProgress, lessons: dict[str, Json]) -> set[str]:
    """The topics of the request's lessons: of those written here, told before, or told now."""
    told = [update.topic for _, update in request.lessons()]
    entries = [learner.lessons[lesson_id] for lesson_id, _ in request.lessons() if lesson_id in learner.lessons]
    written = [lesson["topic"] for lesson in lessons.values()]
    return {topic for topic in (*told, *written, *(entry.topic for entry in entries)) if topic}


async def _whole_ledger(recording: Recording) -> list[Fact]:
    """Every fact before; with it every topic is folded anew, and what is watched in a sealed one must not be lost."""
    await reopen_topics(recording.ports.documents, recording.learner, recording.learner.topics)
    return await load_ledger(recording.ports.documents, recording.learner)


async def _lessons(ports: Ports, learner: Learner, updates: Sequence[tuple[str, Observed]]) -> dict[str, Json]:
    """Those that were written here; a body is only read where the document does not say enough of the lesson."""
    known: dict[str, Json] = {}
    needed = []
    for lesson_id, update in updates:
        entry = learner.lessons.get(lesson_id)
        if entry and entry.listed:
            known[lesson_id] = {"topic": entry.topic, "course_id": entry.course_id}
        if lesson_id not in known or any(map(_needs_body, update.evidence)):
            needed.append(lesson_id)
    return known | await load_lessons(ports.documents, needed, owner=learner.user_id)


def _needs_body(evidence: Evidence) -> bool:
    """Whether only the lesson itself knows what it asked: its questions, and the exercises written for it."""
    if evidence.kind == "quiz":
        return evidence.answers is not None
    return is_own(getattr(evidence, "exercise_id", None) or "")


def _told(learner: Learner, lesson_id: str) -> Json | None:
    """What earlier updates, of this batch too, told of a lesson that was made elsewhere."""
    entry = learner.lessons.get(lesson_id)
    return {"topic": entry.topic, "course_id": entry.course_id} if entry and entry.topic else None


def _check_version(if_match: str | None, learner: Learner) -> None:
    """`If-Match` compares the document's version: that of an answer, or the ETag of `GET /status`."""
    if if_match is None or (if_match.strip() == "*" and learner.version):
        return
    found = re.match(r'\s*(?:W/)?"?(\d+)', if_match)
    if found is None or int(found[1]) != learner.version:
        raise PreconditionFailed(f"The learner's version is {learner.version}; read it again, then decide.")


def _path(request: UpdateProgress, index: int) -> str:
    return f"updates.{index}." if request.updates is not None else ""
