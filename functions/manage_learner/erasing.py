"""Forgets a learner: a tombstone in one transaction with all that goes, then tables, then past events.

A tombstone, even of a learner of whom nothing was known: what is still on its way to an event handler must not bring
them back. Every step can be done again, so an erasing that was cut short is finished by asking for it again.
"""

from collections.abc import Iterable
from datetime import datetime

from functions.learning.learner import Learner
from functions.learning.sealing import segments_of
from functions.manage_learner.holdings import holdings_of, left_key, own_lessons
from functions.runtime.models import rfc3339
from functions.runtime.ports import ABSENT, Documents, Ports, Stored, Write
from functions.usecases.learners import commit_learner, segment_key, until_committed
from functions.usecases.lesson_documents import lesson_key
from functions.usecases.own_documents import own_key
from functions.usecases.projection import forget_rows
from functions.usecases.rate_limit import limit_key

# Keys that one transaction deletes, besides those that have to go with the tombstone: daprd runs a statement for each,
# and a call has 1.8 s. On two cores 1,600 took less than half a second; a busy node is slower.
AT_ONCE = 500


async def erase(ports: Ports, user_id: str) -> None:
    """When it returns nothing is held any more. Raises Unavailable when it has to be asked for again."""
    await until_committed(lambda: _bury(ports, user_id))
    while await until_committed(lambda: _delete_some(ports.documents, user_id)):
        pass
    await forget_rows(ports.read_model, user_id)
    await ports.publisher.forget(user_id)


async def _bury(ports: Ports, user_id: str) -> None:
    held = await holdings_of(ports, user_id)
    bodies = {lesson_key(lesson.lesson_id): lesson.updated_at async for lesson in own_lessons(ports.documents, held)}
    written = [*bodies.values(), *(row["created_at"] for row in held.events.values())]
    # Not the time of the request: what came first in a race is of before, too, also where another clock is ahead.
    now = max(filter(None, (ports.now(), held.learner.updated_at, *map(datetime.fromisoformat, written))))
    rest = [
        *held.events,
        *bodies,
        *held.records,
        *held.drafts,
        *held.budgets,
        *(held.left.value["keys"] if held.left else ()),
    ]
    also = [
        # with the tombstone: a learner who comes back writes segments of the same names
        *(Write(segment_key(kind, user_id, part), None) for kind, part in segments_of(held.learner)),
        *(_without(user_id, key, stored, rfc3339(now)) for key, stored in held.classes.items()),
        *(Write(own_key(function, user_id), None) for function in held.own),
        Write(limit_key("generate-lesson", user_id), None),
        *_deleting(user_id, rest, held.left),
    ]
    tombstone = Learner(user_id, version=held.learner.version + 1, forgotten_at=now)
    await commit_learner(ports, tombstone, held.stored, also=also)


async def _delete_some(documents: Documents, user_id: str) -> bool:
    """Deletes some of what is left; False when nothing was."""
    left = (await documents.load(left_key(user_id))).get(left_key(user_id))
    if left is None:
        return False
    await documents.commit(*_deleting(user_id, left.value["keys"], left))
    return True


def _deleting(user_id: str, keys: list[str], left: Stored | None) -> Iterable[Write]:
    """Deletes the first of the keys and keeps the others to be found; `left`: the document that kept them so far."""
    keys = list(dict.fromkeys(keys))
    yield from (Write(key, None) for key in keys[:AT_ONCE])
    if left or keys[AT_ONCE:]:
        value = {"keys": keys[AT_ONCE:]} if keys[AT_ONCE:] else None
        yield Write(left_key(user_id), value, left.etag if left else ABSENT)


def _without(user_id: str, key: str, stored: Stored, now: str) -> Write:
    """The class without the learner."""
    others = [other for other in stored.value["user_ids"] if other != user_id]
    changed = {"user_ids": others, "version": stored.value["version"] + 1, "updated_at": now}
    return Write(key, stored.value | changed, stored.etag)
