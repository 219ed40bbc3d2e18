"""What a handler may ask of the world, as Protocols: two adapters keep each (`sidecar.py` and `local.py`)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from functions.runtime.settings import ModelSettings

Json = dict[str, Any]
Row = Sequence[Any]
Data = TypeVar("Data")

ABSENT = ""  # as a guard: the write happens only if the key is not there yet


@dataclass(frozen=True)
class Stored:
    """A document as it was read; a write guarded by its `etag` fails if it has changed since."""

    value: Json
    etag: str


@dataclass(frozen=True)
class Write:
    """One key of a commit. `value` None deletes. `guard`: an etag, ABSENT, or None for no guard."""

    key: str
    value: Json | None
    guard: str | None = None
    ttl_seconds: int | None = None


class Documents(Protocol):
    """Keyed JSON documents. Every method raises Unavailable when the store does not answer."""

    async def load(self, *keys: str) -> dict[str, Stored]:
        """Those of the keys that exist."""
        ...

    async def commit(self, *writes: Write) -> None:
        """All of the writes or none. Raises Conflict when a guard does not hold."""
        ...

    async def scan(self, prefix: str, limit: int) -> dict[str, Json]:
        """The oldest `limit` documents under a prefix. For maintenance, not for requests."""
        ...

    async def page(self, prefix: str, after: str, limit: int) -> dict[str, Json]:
        """The next `limit` documents under a prefix, by key, after the key `after`. For maintenance."""
        ...

    async def count(self, prefix: str) -> int:
        """How many documents there are under a prefix. For maintenance."""
        ...


class Publisher(Protocol):
    """Where events go."""

    async def publish(self, topic: str, key: str, event: Json) -> None:
        """One structured CloudEvent, in order with others of the same key. Raises Unavailable."""
        ...

    async def forget(self, key: str) -> None:
        """Removes past events of this key where that can be done: a broker's go when their time is over."""
        ...


@dataclass(frozen=True)
class Sql:
    """One statement, in the SQL that SQLite and PostgreSQL share; parameters are `$1`, `$2`, …"""

    text: str
    params: Sequence[Any] = ()


@dataclass(frozen=True)
class Migration:
    """A change of the tables: in the SQL that both databases share, and what only PostgreSQL needs besides."""

    shared: str
    postgresql: str = ""


class ReadModel(Protocol):
    """Tables for lists and filters. Every method raises Unavailable when the database does not answer."""

    async def migrate(self, migrations: Sequence[Migration]) -> None:
        """Applies those not yet applied, once, however many processes ask at the same time."""
        ...

    async def query(self, sql: Sql) -> list[Row]: ...

    async def write(self, *statements: Sql) -> None:
        """All of the statements or none. They must not touch the same row."""
        ...

    async def count(self, sql: Sql, exact_up_to: int) -> tuple[int, bool]:
        """How many rows the query has, and whether that is an estimate (it may be, above `exact_up_to`)."""
        ...


@dataclass(frozen=True)
class Api:
    """Somebody else's HTTP API.

    With a sidecar `name` is a component of type `bindings.http`, which has the address, a key if it needs one, and by
    its resiliency a timeout, retries and a circuit breaker. `url` is for the embedded run, which has none of them.
    """

    name: str
    url: str
    seconds: float = 5.0  # after which no answer is of use any more, all tries together


class Apis(Protocol):
    """Other people's APIs. What they answer is data, to be checked like any other input."""

    async def get(self, api: Api, path: str, query: Mapping[str, str]) -> Json:
        """The JSON object that it answers with a 2xx; everything else raises Unavailable."""
        ...


@dataclass
class Meter:
    """What one request to a language model has cost so far, in tokens: estimated until the endpoint has counted them.

    Right at any moment, because a request may be given up at any moment.
    """

    tokens: int = 0

    def add(self, text: str) -> None:
        """Something was sent or received. A token of English has about four characters: this is rather too much."""
        self.tokens += -(-len(text.encode()) // 3)


@dataclass(frozen=True)
class Message:
    """One turn of a conversation; `role` is system, user or assistant."""

    role: str
    text: str


class LanguageModel(Protocol):
    """Something that answers in words. What it answers is data, to be checked like any other input."""

    async def ask(self, messages: Sequence[Message], schema: Json, max_tokens: int, meter: Meter) -> str:
        """One answer, meant to be JSON of this schema. Raises NoAnswer; ends when it is cancelled."""
        ...


@dataclass(frozen=True)
class Model:
    """The language model that helps to write lessons, and what it may cost."""

    language: LanguageModel
    settings: ModelSettings


@dataclass(frozen=True)
class Ports:
    """Everything outside a handler, handed to it by the runtime."""

    documents: Documents
    publisher: Publisher
    read_model: ReadModel
    now: Callable[[], datetime]
    not_ready: Callable[[], Awaitable[str | None]]  # why the adapters cannot work yet
    apis: Apis
    model: Model | None = None  # where one is set


@dataclass(frozen=True)
class Principal:
    """Who is calling. `role` is learner, teacher or service; not `known` where no token was asked for."""

    user_id: str
    role: str
    known: bool = True

    @property
    def sees_all(self) -> bool:
        """A service; and everybody where no token was asked for."""
        return not self.known or self.role == "service"


@dataclass(frozen=True)
class Limit:
    """How many requests of a kind one learner may make in how many seconds; 0 is no limit."""

    most: int = 0
    seconds: int = 600


@dataclass(frozen=True)
class Call:
    """What a handler may know of an HTTP request besides its own model."""

    principal: Principal
    now: datetime
    accept: str = "application/json"  # the negotiated media type
    idempotency_key: str | None = None
    fingerprint: str = ""  # of the body as parsed JSON
    if_match: str | None = None
    if_none_match: str | None = None
    public_url: str = ""
    limit: Limit = Limit()  # for what is costly

    def has(self, etag: str) -> bool:
        """Whether the caller holds this version already (`If-None-Match`, compared weakly: RFC 9110, 13.1.2)."""
        held = (self.if_none_match or "").split(",")
        return etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in held] or held == ["*"]


@dataclass(frozen=True)
class Reply:
    """What a handler answers: a pydantic model, text, nothing, or server-sent events as pairs of name and data.

    A list is text in parts, for one too large to be held twice.
    """

    body: BaseModel | str | list[str] | AsyncIterator[tuple[str, str]] | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass(frozen=True)
class Received(Generic[Data]):
    """An event that was decoded and whose data is valid. `key` is what makes it that one event."""

    id: str
    source: str
    type: str
    data: Data
    now: datetime
    time: datetime | None = None  # when it happened, as the event says

    @property
    def key(self) -> str:
        return f"{self.source} {self.id}"
