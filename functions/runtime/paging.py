"""Opaque cursors: where a page ended, and under which filters, so that a cursor is not used for another list."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.runtime.errors import invalid


def digest(filters: Mapping[str, Any]) -> str:
    """The same filters give the same short text."""
    return hashlib.sha256(json.dumps(filters, sort_keys=True, default=str).encode()).hexdigest()[:12]


def cursor_after(last: list[Any], filters: Mapping[str, Any]) -> str:
    """A cursor for what follows `last`, the sort key of a page's last row."""
    return base64.urlsafe_b64encode(json.dumps([digest(filters), *last]).encode()).decode().rstrip("=")


def position(cursor: str | None, filters: Mapping[str, Any], parts: int) -> list[Any] | None:
    """The sort key that a cursor stands for; None at the start. Raises InvalidRequest for one that is not ours."""
    if cursor is None:
        return None
    try:
        decoded = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise invalid("cursor", "not a cursor that this endpoint gave") from error
    if not isinstance(decoded, list) or len(decoded) != parts + 1 or not all(map(_is_text, decoded)):
        raise invalid("cursor", "not a cursor that this endpoint gave")
    if decoded[0] != digest(filters):
        raise invalid("cursor", "belongs to a list with other filters or another order")
    return decoded[1:]


def _is_text(part: Any) -> bool:
    """Something that both databases take as text: PostgreSQL knows no NUL, and UTF-8 no half of a pair."""
    return isinstance(part, str) and "\0" not in part and not any("\ud800" <= c <= "\udfff" for c in part)


def check_time(part: str) -> None:
    """For a cursor's part that is compared with times: a forged one is the caller's error, not the database's."""
    try:
        datetime.strptime(part, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError as error:
        raise invalid("cursor", "not a cursor that this endpoint gave") from error
