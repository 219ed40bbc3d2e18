"""Loading and changing a learner's document: one commit with its events, decided again when the race for it is lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter

from functions.learning.curriculum import course
from functions.learning.facts import Fact, fact_of
from functions.learning.learner import Alert, Learner, LessonEntry
from functions.learning.mastery import assess, required_of
from functions.learning.sealing import TAKEN_OUT, TopicEvidence, seal, segments_with, take_back, take_topic_back
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.ports import ABSENT, Documents, Json, Ports, Stored, Write
from functions.usecases.publishing import Outgoing, unpublished

T = TypeVar("T")
ATTEMPTS = 12
AT_ONCE = 10  # segments asked for in one call: daprd answers at most 4 MB, and a full one may have 270 kB
_LEARNER = TypeAdapter(Learner)
_ENTRIES = TypeAdapter(list[LessonEntry])
_ALERTS = TypeAdapter(list[Alert])
_TOPIC = TypeAdapter(list[TopicEvidence])
_ANY = TypeAdapter(list[object])


def learner_key(user_id: str) -> str:
    return f"learner:{user_id}"


def segment_key(kind: str, user_id: str, part: int | str) -> str:
    """`kind` is ledger, lessons or alerts, of which `part` is the number; or topics, by topic id."""
    return f"{kind}:{user_id}:{part}"


def learner_from(stored: Stored | None, user_id: str) -> Learner:
    """The learner as stored, or one that nothing is known of."""
    return _LEARNER.validate_python(stored.value) if stored else Learner(user_id)


async def load_learner(documents: Documents, user_id: str) -> tuple[Learner, Stored | None]:
    """The learner, and the document that a change of it has to be guarded by."""
    key = learner_key(user_id)
    stored = (await documents.load(key)).get(key)
    return learner_from(stored, user_id), stored


async def forgotten_at(documents: Documents, user_id: str) -> datetime | None:
    """When the learner was erased, None if they were not: all that is looked at of the document."""
    key = learner_key(user_id)
    return forgotten_in((await documents.load(key)).get(key))


def forgotten_in(stored: Stored | None) -> datetime | None:
    """When the learner of this document was erased, None if they were not."""
    moment = stored.value.get("forgotten_at") if stored else None
    return datetime.fromisoformat(moment) if moment else None


async def load_ledger(documents: Documents, learner: Learner) -> list[Fact]:
    """Every fact of the learner, in the order in which they arrived."""
    segments = await _segments(documents, "ledger", learner.user_id, range(learner.ledger_segments))
    return [fact_of(line) for lines in (*segments, learner.ledger) for line in lines]


async def load_entries(documents: Documents, learner: Learner) -> list[LessonEntry]:
    """Every lesson of the learner, sealed ones too."""
    segments = await _segments(documents, "lessons", learner.user_id, range(len(learner.sealed_lessons)))
    sealed = [entry for entries in segments for entry in _ENTRIES.validate_python(entries)]
    return [*learner.lessons.values(), *(entry for entry in sealed if entry.lesson_id not in learner.lessons)]


async def load_alerts(documents: Documents, learner: Learner) -> list[Alert]:
    """Every alert of the learner, resolved ones too."""
    segments = await _segments(documents, "alerts", learner.user_id, range(learner.alert_segments))
    sealed = [alert for alerts in segments for alert in _ALERTS.validate_python(alerts)]
    return [*sealed, *learner.resolved_alerts, *learner.alerts]


async def reopen_lessons(documents: Documents, learner: Learner, lesson_ids: Iterable[str]) -> list[Write]:
    """Takes sealed entries of these lessons back into the learner; what has to be committed with it."""
    wanted, writes = list(lesson_ids), []
    numbers = segments_with(learner, wanted)
    for number, segment in zip(numbers, await _segments(documents, "lessons", learner.user_id, numbers), strict=True):
        entries = _ENTRIES.validate_python(segment)
        if take_back(learner, number, entries, wanted):
            writes.append(_segment("lessons", learner.user_id, number, entries))
    return writes


async def reopen_topics(documents: Documents, learner: Learner, topic_ids: Iterable[str]) -> None:
    """Takes the evidence of these topics back into the learner, where it is sealed."""
    sealed = [t for t in dict.fromkeys(topic_ids) if t in learner.topics and learner.topics[t].sealed]
    for topic_id, segment in zip(sealed, await _segments(documents, "topics", learner.user_id, sealed), strict=True):
        [evidence] = _TOPIC.validate_python(segment)
        take_topic_back(learner, topic_id, evidence)


async def bring_up_to_date(documents: Documents, learner: Learner) -> None:
    """For reading: figures of another curriculum as they are in this one. The next update folds them anew."""
    if learner.figures in ("", course().version):
        return
    await reopen_topics(documents, learner, learner.topics)
    for topic_id, record in learner.topics.items():
        assess(record, required_of(course(), topic_id))


async def until_committed(decide: Callable[[], Awaitable[T]]) -> T:
    """Runs read-decide-commit until no one else came first; raises Conflict after twelve lost races."""
    for attempt in range(ATTEMPTS):
        try:
            return await decide()
        except Conflict:
            await asyncio.sleep(random.uniform(0, 0.004 * 2 ** min(attempt, 6)))
    raise Conflict("lost every race for the document")


async def commit_learner(
    ports: Ports, learner: Learner, stored: Stored | None, events: Sequence[Outgoing] = (), also: Sequence[Write] = ()
) -> list[Outgoing]:
    """Saves the learner and its events as one. Returns what is to be published now, the oldest pending first.

    Raises Conflict when the document changed since `stored` was read.
    """
    waiting = await unpublished(ports.documents, learner.pending)
    learner.pending = [event.id for event in (*waiting, *events)]
    segments = [_segment(s.kind, learner.user_id, s.part, s.entries) for s in seal(learner)]
    document = Write(
        learner_key(learner.user_id),
        _document(learner),
        stored.etag if stored else ABSENT,
    )
    await ports.documents.commit(document, *also, *segments, *(event.row() for event in events))
    return [*waiting, *events]


def _document(learner: Learner) -> Json:
    document: Json = _LEARNER.dump_python(learner, mode="json")
    for record in document["topics"].values():
        if record["sealed"]:
            for name in TAKEN_OUT:  # empty, and of most topics
                del record[name]
    return document


def _segment(kind: str, user_id: str, part: int | str, entries: Sequence[object]) -> Write:
    dumped = _ANY.dump_python(list(entries), mode="json")
    return Write(segment_key(kind, user_id, part), {"entries": dumped})


async def _segments(documents: Documents, kind: str, user_id: str, parts: Iterable[int | str]) -> list[list[Json]]:
    """The entries of these segments. Raises Unavailable when one is not there: the document has just been changed."""
    keys = [segment_key(kind, user_id, part) for part in parts]
    found: dict[str, Stored] = {}
    for start in range(0, len(keys), AT_ONCE):
        found |= await documents.load(*keys[start : start + AT_ONCE])
    if missing := set(keys) - set(found):
        raise Unavailable(f"{len(missing)} segments of the learner's document did not answer.")
    return [found[key].value["entries"] for key in keys]
