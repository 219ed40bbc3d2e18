"""How often something may be asked for: a learner's turns of the last seconds, kept where all replicas see them.

No window of that length, wherever it begins, has more turns than are allowed. A turn is taken before the work is done,
so that many requests at once cost no more than is allowed. It costs one read and one guarded write. What was answered
before, or tried before with the same idempotency key, takes no turn again.
"""

import math
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
    ends = _ends(stored.get(key), call)
    if turn in ends:
        return
    if len(ends) >= call.limit.most:
        frees = sorted(ends.values())[-call.limit.most]
        raise TooManyRequests(
            f"{call.limit.most} in {call.limit.seconds} s is the most for one learner.",
            retry_after=max(1, math.ceil((frees - call.now).total_seconds())),
        )
    ends[turn] = call.now + timedelta(seconds=call.limit.seconds)
    guard = stored[key].etag if key in stored else ABSENT
    value = {"turns": {turn: rfc3339(end) for turn, end in ends.items()}}
    await documents.commit(Write(key, value, guard, ttl_seconds=call.limit.seconds))


def _ends(stored: Stored | None, call: Call) -> dict[str, datetime]:
    """When each turn that still counts does so no more; also one that a replica took whose clock is ahead."""
    kept = stored.value["turns"] if stored else {}
    ends = {turn: datetime.fromisoformat(end) for turn, end in kept.items()}
    return {turn: end for turn, end in ends.items() if end > call.now}
