"""Where something about one learner lies: what an export shows and what forgetting deletes.

A learner's keys are never looked for by a prefix alone: ids may hold `:`, and `maya:x` is another learner than `maya`.
"""

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from functions.learning.learner import Learner, LessonEntry
from functions.runtime.ports import Documents, Json, Ports, Sql, Stored
from functions.usecases import tables
from functions.usecases.drafts import budget_keys, own_cache
from functions.usecases.learners import load_entries, load_learner
from functions.usecases.lesson_documents import LessonDocument, load_bodies
from functions.usecases.own_documents import PREFIX as OWN
from functions.usecases.own_documents import own_key
from functions.usecases.publishing import PREFIX as OUTBOX

CLASSES, RECORDS = "class:", "request:"
AT_ONCE = 50  # documents asked for in one call: daprd answers at most 4 MB
HASH = re.compile("[0-9a-f]{32}")  # what a record's key ends in (`idempotency.record_key`), and a draft's (`drafts`)


@dataclass(frozen=True)
class Holdings:
    """Documents by key. `lesson_ids`: lessons that may be the learner's; their bodies say whether they are.

    `own`: what functions keep besides, by their names.
    `drafts`: what a language model wrote with the learner's own words before it; `budgets`: what it cost, by day.
    `left`: the keys that an erasing has yet to delete; nothing else here names one of them.
    """

    learner: Learner
    stored: Stored | None
    entries: list[LessonEntry]
    lesson_ids: list[str]
    events: dict[str, Json]
    records: dict[str, Json]
    own: dict[str, Json]
    classes: dict[str, Stored]
    drafts: dict[str, Json]
    budgets: dict[str, Json]
    left: Stored | None


def left_key(user_id: str) -> str:
    """The document that lists what is left to delete, while there is something."""
    return f"forgetting:{user_id}"


async def holdings_of(ports: Ports, user_id: str) -> Holdings:
    """Raises Unavailable when a store or the read model does not answer: only the latter knows of some lessons."""
    documents = ports.documents
    left = (await documents.load(left_key(user_id))).get(left_key(user_id))
    gone = set(left.value["keys"]) if left else set()
    learner, stored = await load_learner(documents, user_id)
    entries = sorted(await load_entries(documents, learner), key=lambda entry: entry.lesson_id)
    events = {key: row async for key, row in _under(documents, OUTBOX) if row["key"] == user_id and key not in gone}
    records = {key: record async for key, record in _records(documents, user_id) if key not in gone}
    own = {name: value async for name, value in _own(documents, user_id)}
    rows = await tables.query(ports.read_model, Sql("SELECT lesson_id FROM lessons WHERE user_id = $1", [user_id]))
    named = {
        *(entry.lesson_id for entry in entries),
        *(row[0] for row in rows),  # a lesson whose event is still on its way is nowhere else
        *(_lesson_in(row["event"].get("data")) for row in events.values()),
        *(_lesson_in(record["result"]) for record in records.values()),
    }
    lesson_ids = sorted(name for name in named if name and f"lesson:{name}" not in gone)
    classes = await _classes(documents, user_id)
    drafts = {key: value async for key, value in _hashed(documents, own_cache(user_id)) if key not in gone}
    budgets = {key: found.value for key, found in (await documents.load(*budget_keys(user_id, ports.now()))).items()}
    return Holdings(learner, stored, entries, lesson_ids, events, records, own, classes, drafts, budgets, left)


async def own_lessons(documents: Documents, held: Holdings) -> AsyncIterator[LessonDocument]:
    """The bodies of the learner's lessons, by id; one of an id that only was reported may be somebody else's."""
    for chunk in _chunks(held.lesson_ids):
        bodies = await load_bodies(documents, chunk)
        for lesson_id in chunk:
            if lesson_id in bodies and bodies[lesson_id].user_id == held.learner.user_id:
                yield bodies[lesson_id]


async def _records(documents: Documents, user_id: str) -> AsyncIterator[tuple[str, Json]]:
    async for function in _functions(documents, RECORDS):
        async for key, record in _hashed(documents, f"{RECORDS}{function}:{user_id}:"):
            yield key, record


async def _own(documents: Documents, user_id: str) -> AsyncIterator[tuple[str, Json]]:
    async for function in _functions(documents, OWN):
        key = own_key(function, user_id)
        if found := await documents.load(key):
            yield function, found[key].value


async def _functions(documents: Documents, kind: str) -> AsyncIterator[str]:
    """The functions that keep something of this kind about learners: asked of the keys, one look for each."""
    after = ""
    while found := await documents.page(kind, after, 1):
        [key] = found
        function = key.split(":")[1]
        yield function
        after = f"{kind}{function};"  # the character after the colon: behind all that is this function's


async def _classes(documents: Documents, user_id: str) -> dict[str, Stored]:
    keys = [key async for key, value in _under(documents, CLASSES) if user_id in value["user_ids"]]
    found: dict[str, Stored] = {}
    for chunk in _chunks(keys):
        found |= await documents.load(*chunk)  # a page has no ETags
    return {key: stored for key, stored in found.items() if user_id in stored.value["user_ids"]}


async def _hashed(documents: Documents, prefix: str) -> AsyncIterator[tuple[str, Json]]:
    """Every document under a prefix whose key ends in a hash behind it: `maya:` is also how `maya:x` begins."""
    async for key, value in _under(documents, prefix):
        if HASH.fullmatch(key.removeprefix(prefix)):
            yield key, value


async def _under(documents: Documents, prefix: str) -> AsyncIterator[tuple[str, Json]]:
    """Every document under a prefix, by key."""
    after = ""
    while page := await documents.page(prefix, after, AT_ONCE):
        for key, value in page.items():
            yield key, value
            after = key


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _lesson_in(told: object) -> str | None:
    """The lesson that an event or an answer is about."""
    return str(told["lesson_id"]) if isinstance(told, dict) and told.get("lesson_id") else None
