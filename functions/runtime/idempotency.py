"""Idempotency keys: the same request twice has one effect and one answer.

The record is written in the same commit as the effect, guarded to be the first: two requests that race cannot both
win, and a request that was refused or failed leaves none, so its key can be used again.
"""

import hashlib
import json
from typing import Any

from functions.runtime.errors import KeyReused, invalid
from functions.runtime.ports import ABSENT, Call, Json, Stored, Write
from functions.runtime.strict_json import parse

SEVEN_DAYS = 7 * 24 * 3600
REPLAYED = {"Idempotency-Replayed": "true"}


def parsed(body: bytes) -> Any:
    """A body as JSON, for its fingerprint. Raises InvalidRequest for what is not JSON.

    A number that is none is left to whoever knows its field, and to the fingerprint.
    """
    try:
        return parse(body, parse_float=_number, parse_constant=float)
    except ValueError as error:
        raise invalid("", f"not JSON: {error}") from error


def fingerprint(value: Any) -> str:
    """Of parsed JSON: white space, key order and `1` or `1.0` make no difference.

    Raises InvalidRequest for a number that cannot be kept, and for half a character.
    """
    try:
        canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise invalid("", "holds half of a surrogate pair, which is no character") from error
    except ValueError as error:
        raise invalid("", "holds a number that cannot be kept") from error
    return hashlib.sha256(canonical).hexdigest()


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def chosen_key(call: Call, request_id: str | None) -> str | None:
    """The header's key or the body's; raises InvalidRequest when they differ."""
    if call.idempotency_key and request_id and call.idempotency_key != request_id:
        raise invalid("request_id", "differs from the Idempotency-Key header")
    return call.idempotency_key or request_id


def record_key(function: str, user_id: str, key: str) -> str:
    """The key is hashed: it may hold anything, and a colon in it must not make two learners' keys one."""
    return f"request:{function}:{user_id}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def replay(record: Stored | None, call: Call) -> Any | None:
    """What was kept for this key, None if nothing was. Raises KeyReused when it came with another body."""
    if record is None:
        return None
    if record.value["fingerprint"] != call.fingerprint:
        raise KeyReused("This idempotency key was used with another body; use a new key for a new request.")
    return record.value["result"]


def remember(key: str, call: Call, result: Json) -> Write:
    """To be committed with the effect. `result` is all that the answer is made of again."""
    return Write(key, {"fingerprint": call.fingerprint, "result": result}, ABSENT, SEVEN_DAYS)
