"""A learner who has been here for years, written by the handlers themselves, faster than over HTTP."""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from functions.learning.curriculum import Topic, course
from functions.runtime.apis import LocalApis
from functions.runtime.local import Database, LocalDocuments, LocalPublisher, LocalReadModel
from functions.runtime.ports import Call, Ports, Principal, Received
from functions.track_lesson.handler import track_lesson
from functions.update_progress.handler import update_progress
from functions.update_progress.models import UpdateProgress
from functions.usecases.learners import commit_learner, load_learner
from tests.support.fakes import lesson_event

YEARS = 3
ACTIVE_DAYS = int(os.environ.get("BENCH_ACTIVE_DAYS", "800"))  # fewer: as broad a learner, of a shorter history
LESSONS = ACTIVE_DAYS // 2
A_DAY, PIECES = 5, 5  # updates on an active day, pieces of evidence in an update
EVIDENCE = ACTIVE_DAYS * A_DAY * PIECES
RESOLVED_AFTER = timedelta(days=30)  # a teacher looks at the alerts once a month
TEACHER = Principal("bench", "teacher")


@dataclass(frozen=True)
class Session:
    """One update, as the loop below spreads them: `step` counts within its lesson."""

    at: datetime
    number: int
    step: int

    @property
    def topic(self) -> Topic:
        return topic_of(self.number)


def lesson_id(number: int) -> str:
    return f"0b0e5a1c-long-4his-tory-{number:012d}"


def topic_of(number: int) -> Topic:
    """The topic of a lesson, by its number: all topics in turn."""
    return course().topics[number % len(course().topics)]


def sessions(until: datetime) -> Iterator[list[Session]]:
    """The updates of each active day, oldest day first; a lesson takes several days and is followed by the next."""
    days = sorted(random.Random(1).sample(range(1, 365 * YEARS), ACTIVE_DAYS))
    steps = ACTIVE_DAYS * A_DAY // LESSONS
    for index, day in enumerate(days):
        morning = (until - timedelta(days=365 * YEARS - day)).replace(hour=9)
        updates = range(index * A_DAY, (index + 1) * A_DAY)
        yield [Session(morning + timedelta(minutes=20 * (k % A_DAY)), *divmod(k, steps)) for k in updates]


def evidence(topic: Topic, chance: random.Random) -> list[dict[str, Any]]:
    """What an update of a topic tells; one without content has no exercises to tell of."""
    found: list[dict[str, Any]] = [
        {"kind": "quiz", "score": round(chance.uniform(40, 100), 2)},
        {"kind": "code_quality", "score": round(chance.uniform(30, 100), 2)},
        {"kind": "time_on_task", "seconds": 240},
    ]
    failed = chance.random() < 0.4
    error = {"error_type": chance.choice(["NameError", "TypeError", "SyntaxError"])} if failed else {}
    run = {"kind": "execution", "ok": not failed, **error}
    if not topic.exercises:
        return [*found, run, {"kind": "message", "text": "How does this go on?"}]
    exercise = chance.choice(list(topic.exercises.values()))
    tried = {"kind": "exercise", "exercise_id": exercise.exercise_id, "total_tests": exercise.tests}
    found[-1]["exercise_id"] = exercise.exercise_id
    return [*found, run | {"exercise_id": exercise.exercise_id}, tried | {"passed_tests": exercise.tests - failed}]


async def write_history(file: Path, user_id: str) -> None:
    """Writes the learner into the embedded backend's file, which must not be served meanwhile."""
    database = Database(file)
    publisher, tables = LocalPublisher(database, {}, lambda: None), LocalReadModel(database)
    now, chance, known = datetime.now(UTC), random.Random(2), 0
    ports = Ports(LocalDocuments(database), publisher, tables, lambda: now, _ready, LocalApis())
    for day in sessions(now):
        for session in day:
            if session.number >= known:
                await _lesson(ports, user_id, session)
                known = session.number + 1
        await _report(ports, user_id, day, chance)
        await _resolve(ports, user_id, day[0].at)
    await database.close()


async def _lesson(ports: Ports, user_id: str, session: Session) -> None:
    topic = session.topic
    facts = {"lesson_id": lesson_id(session.number), "user_id": user_id, "title": topic.title}
    about = {"topic": topic.topic_id, "module": topic.module_id, "objectives": list(topic.objectives)}
    event = lesson_event(session.at, **facts, **about)
    await track_lesson(
        ports, Received(facts["lesson_id"], "/functions/generate-lesson", event.type_name, event, session.at)
    )


async def _report(ports: Ports, user_id: str, day: Sequence[Session], chance: random.Random) -> None:
    updates = [
        {
            "lesson_id": lesson_id(session.number),
            "progress_percentage": 10 * (session.step + 1) if session.number % 7 else 5 * (session.step + 1),
            "evidence": evidence(session.topic, chance),
            "occurred_at": session.at,
        }
        for session in day
    ]
    request = UpdateProgress.model_validate({"user_id": user_id, "updates": updates})
    await update_progress(ports, Call(TEACHER, day[-1].at), request)


async def _resolve(ports: Ports, user_id: str, now: datetime) -> None:
    learner, stored = await load_learner(ports.documents, user_id)
    late = [alert for alert in learner.alerts if alert.opened_at < now - RESOLVED_AFTER]
    for alert in late:
        alert.state, alert.resolved_at, alert.resolved_by = "resolved", now, TEACHER.user_id
    if late:
        learner.alerts = [alert for alert in learner.alerts if alert not in late]
        learner.resolved_alerts += late
        learner.version += 1
        await commit_learner(ports, learner, stored)


async def _ready() -> str | None:
    return None


if __name__ == "__main__":
    import sys

    asyncio.run(write_history(Path(sys.argv[1]), "bench-years"))
