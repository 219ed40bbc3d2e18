"""The world outside a handler, for tests in one process: a real store in memory, and failures where asked for."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from functions.generate_lesson.handler import generate_lesson
from functions.generate_lesson.models import GenerateLesson
from functions.manage_classes.handler import put_class
from functions.manage_classes.models import PutClass
from functions.runtime.errors import Unavailable
from functions.runtime.events import STRUCTURED, EventData, decode
from functions.runtime.local import Database, LocalDocuments, LocalReadModel
from functions.runtime.ports import (
    Api,
    Call,
    Json,
    Migration,
    Model,
    Ports,
    Principal,
    Received,
    Row,
    Sql,
    Stored,
    Write,
)
from functions.runtime.receive import identity
from functions.update_progress.handler import update_progress
from functions.update_progress.models import LessonProgress, UpdateProgress
from functions.usecases.events import LessonGenerated
from functions.usecases.lesson_models import LessonAnswer

D = TypeVar("D", bound=EventData)
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TEACHER = Principal("teacher-1", "teacher")
ANYONE = Principal("teacher-1", "teacher", known=False)  # where no token is asked for
MAYA = Principal("maya", "learner")
LOST = Unavailable("The state store did not answer.")


@dataclass
class RecordingPublisher:
    """Remembers what it took. `down`, or an attempt (from 1) in `fail_at`: the broker does not answer."""

    published: list[tuple[str, str, Json]] = field(default_factory=list)
    down: bool = False
    fail_at: set[int] = field(default_factory=set)
    attempts: int = 0

    async def publish(self, topic: str, key: str, event: Json) -> None:
        self.attempts += 1
        if self.down or self.attempts in self.fail_at:
            raise Unavailable("The message broker did not answer.")
        self.published.append((topic, key, event))

    async def forget(self, key: str) -> None:
        self.published = [each for each in self.published if each[1] != key]

    def data(self, topic: str) -> list[Json]:
        """The data of what went to a topic, in order."""
        return [event["data"] for name, _, event in self.published if name == topic]

    def ids(self) -> list[str]:
        return [event["id"] for _, _, event in self.published]


@dataclass
class FailingDocuments:
    """The documents of SQLite. The n-th commit (from 1) raises `fail_at[n]`; those in `unknown_at` write, then fail."""

    inner: LocalDocuments
    down: bool = False
    fail_at: dict[int, Exception] = field(default_factory=dict)
    unknown_at: set[int] = field(default_factory=set)
    before_commit: Callable[[], Awaitable[None]] | None = None  # runs once: somebody who comes first
    commits: list[Sequence[Write]] = field(default_factory=list)

    async def load(self, *keys: str) -> dict[str, Stored]:
        if self.down:
            raise LOST
        return await self.inner.load(*keys)

    async def commit(self, *writes: Write) -> None:
        self.commits.append(writes)
        number = len(self.commits)
        rival, self.before_commit = self.before_commit, None
        if rival:
            await rival()
        if self.down or number in self.fail_at:
            raise self.fail_at.get(number, LOST)
        await self.inner.commit(*writes)
        if number in self.unknown_at:
            raise LOST

    async def scan(self, prefix: str, limit: int) -> dict[str, Json]:
        if self.down:
            raise LOST
        return await self.inner.scan(prefix, limit)

    async def page(self, prefix: str, after: str, limit: int) -> dict[str, Json]:
        if self.down:
            raise LOST
        return await self.inner.page(prefix, after, limit)

    async def count(self, prefix: str) -> int:
        if self.down:
            raise LOST
        return await self.inner.count(prefix)


@dataclass
class FailingReadModel:
    """The tables of SQLite; `down`: the database does not answer."""

    inner: LocalReadModel
    down: bool = False

    def _check(self) -> None:
        if self.down:
            raise Unavailable("The read model did not answer.")

    async def migrate(self, migrations: Sequence[Migration]) -> None:
        self._check()
        await self.inner.migrate(migrations)

    async def query(self, sql: Sql) -> list[Row]:
        self._check()
        return await self.inner.query(sql)

    async def write(self, *statements: Sql) -> None:
        self._check()
        await self.inner.write(*statements)

    async def count(self, sql: Sql, exact_up_to: int) -> tuple[int, bool]:
        self._check()
        return await self.inner.count(sql, exact_up_to)


@dataclass
class FakeApis:
    """Other people's APIs: what each answers, by its name; `down`: none does. Remembers what it was asked."""

    answers: dict[str, Json] = field(default_factory=dict)
    down: bool = False
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def get(self, api: Api, path: str, query: Mapping[str, str]) -> Json:
        self.asked.append((api.name, path, dict(query)))
        if self.down or api.name not in self.answers:
            raise Unavailable(f"The API {api.name} did not answer.")
        return self.answers[api.name]


@dataclass
class World:
    """Ports with a clock that stands still, and the fakes behind them."""

    documents: FailingDocuments
    publisher: RecordingPublisher
    read_model: FailingReadModel
    now: datetime = NOW
    why_not_ready: str | None = None
    model: Model | None = None
    apis: FakeApis = field(default_factory=FakeApis)

    @property
    def ports(self) -> Ports:
        return Ports(
            documents=self.documents,
            publisher=self.publisher,
            read_model=self.read_model,
            now=lambda: self.now,
            not_ready=self.not_ready,
            apis=self.apis,
            model=self.model,
        )

    async def not_ready(self) -> str | None:
        return self.why_not_ready

    def call(self, **changes: Any) -> Call:
        """A call of somebody who may do everything, now."""
        return replace(Call(ANYONE, self.now, fingerprint="body-1"), **changes)

    async def document(self, key: str) -> Json | None:
        found = await self.documents.inner.load(key)
        return found[key].value if key in found else None

    async def outbox(self) -> list[str]:
        """Ids of the events that wait."""
        return [key.removeprefix("outbox:") for key in await self.documents.inner.scan("outbox:", 1000)]

    async def rows(self, table: str) -> list[Row]:
        return sorted(await self.read_model.inner.query(Sql(f"SELECT * FROM {table}")), key=repr)


@asynccontextmanager
async def new_world(path: Path | str = ":memory:") -> AsyncIterator[World]:
    database = Database(path)
    try:
        yield World(
            FailingDocuments(LocalDocuments(database)), RecordingPublisher(), FailingReadModel(LocalReadModel(database))
        )
    finally:
        await database.close()


def structured(event: Json) -> tuple[dict[str, str], bytes]:
    """Headers and body by which an event is delivered."""
    return {"content-type": STRUCTURED}, json.dumps(event).encode()


def received(model: type[D], event: Json, now: datetime = NOW) -> Received[D]:
    """A published event as its handler gets it."""
    decoded = decode(*structured(event))
    data = model.model_validate(decoded.get_data() or {})
    return Received(*identity(decoded), data, now, decoded.get_time())


def lesson_event(created: datetime = NOW, **fields: Any) -> LessonGenerated:
    """What `lesson-generated` tells of a lesson of Maya's."""
    facts = {
        "lesson_id": "l1",
        "user_id": "maya",
        "course_id": "python",
        "module": "control-flow",
        "topic": "for-loops",
        "lesson_type": "standard",
        "difficulty_level": "beginner",
        "title": "For Loops",
        "objectives": ["Repeat a block"],
        "estimated_duration": 20,
        "requested_by": "learner",
        "version": 1,
        "created_at": created,
        "updated_at": created,
        "timestamp": created,
    }
    return LessonGenerated.model_validate(facts | fields)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Calls an app in this process, without its start-up; what it does not handle is answered, not raised."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://learnflow")


@contextmanager
def logging_restored() -> Iterator[None]:
    """Making an app takes over the root logger; gives it back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)


async def lesson_for(world: World, user_id: str = "maya", topic: str = "for-loops", **fields: Any) -> LessonAnswer:
    """A lesson, as the Course Agent writes it."""
    request = GenerateLesson.model_validate({"user_id": user_id, "topic": topic} | fields)
    body = (await generate_lesson(world.ports, world.call(), request)).body
    assert isinstance(body, LessonAnswer)
    return body


async def class_of(world: World, *user_ids: str, teacher: Principal = TEACHER, class_id: str = "7b") -> None:
    """A teacher's class, made by them."""
    request = PutClass(title="Python, 7b", user_ids=list(user_ids))
    await put_class(world.ports, world.call(principal=teacher), request, class_id)


async def report(world: World, /, **fields: Any) -> LessonProgress:
    """One accepted update, of lesson `l1` of Maya if not said otherwise."""
    request = UpdateProgress.model_validate({"user_id": "maya", "lesson_id": "l1"} | fields)
    body = (await update_progress(world.ports, world.call(), request)).body
    assert isinstance(body, LessonProgress)
    return body


async def struggle(world: World, user_id: str = "maya", topic: str = "for-loops") -> Json:
    """A quiz that went so badly that it opened an alert; the event that tells of it."""
    quiz = {"kind": "quiz", "score": 20}
    await report(world, user_id=user_id, lesson_id=f"on-{topic}", topic=topic, evidence=[quiz])
    name, _, event = world.publisher.published[-1]
    assert name == "struggle-detected"
    return event
