"""How often something may be asked for: a fixed window a learner, kept where all replicas see it.

A turn is taken before the work is done, so that many requests at once cost no more than is allowed. It costs one read
and one guarded write. What was answered before, or tried before with the same idempotency key, takes no turn again.
"""

import secrets
from datetime import datetime, timedelta

from functions.runtime.errors import TooManyRequests
from functions.runtime.models import rfc3339
from functions.runtime.ports import ABSENT, Call, Documents, Ports, Stored, Write
from functions.usecases.learners import until_committed

PREFIX = "limit:"


def limit_key(function: str, user_id: str) -> str:
    return f"{PREFIX}{function}:{user_id}"


async def take_turn(ports: Ports, call: Call, function: str, user_id: str, record: str | None) -> None:
    """One more request for this learner; `record` is the key of its idempotency record, if it has one.

    Raises TooManyRequests with the time to wait, Unavailable, or Conflict when others always were faster.
    """
    if call.limit.most:
        turn = record.rpartition(":")[2] if record else secrets.token_hex(16)
        await until_committed(lambda: _decide(ports.documents, call, limit_key(function, user_id), record, turn))


async def _decide(documents: Documents, call: Call, key: str, record: str | None, turn: str) -> None:
    stored = await documents.load(key, *([record] if record else []))
    if record and record in stored:
        return
    began, turns = _window(stored.get(key), call)
    if turn in turns:
        return
    ends = began + timedelta(seconds=call.limit.seconds)
    if len(turns) >= call.limit.most:
        raise TooManyRequests(
            f"{call.limit.most} in {call.limit.seconds} s is the most for one learner.",
            retry_after=max(1, round((ends - call.now).total_seconds() + 0.5)),
        )
    guard = stored[key].etag if key in stored else ABSENT
    await documents.commit(
        Write(key, {"began": rfc3339(began), "turns": [*turns, turn]}, guard, ttl_seconds=call.limit.seconds)
    )


def _window(stored: Stored | None, call: Call) -> tuple[datetime, list[str]]:
    """When the running window began, and the turns taken in it; a new one when there is none."""
    if stored:
        began = datetime.fromisoformat(stored.value["began"])
        # not `began <= now` too: a replica whose clock is behind would open a window of its own
        if call.now < began + timedelta(seconds=call.limit.seconds):
            return began, stored.value["turns"]
    return call.now, []
