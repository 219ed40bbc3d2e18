"""The rules of xAPI 1.0.3 ("Data", part 2) for the statements that are sent here: what a strict store would refuse.

Written from the specification's text and not from our statements; what they do not use (groups, attachments,
sub-statements, interactions) is refused as unknown.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  # RFC 5646, as far as it is a pattern
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
MAILBOX = re.compile(r"mailto:[^@\s]+@[^@\s]+")
SHA1 = re.compile(r"[0-9a-f]{40}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # RFC 3339, with a zone
DURATION = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
IDENTIFIERS = {"mbox", "mbox_sha1sum", "openid", "account"}
AROUND = {"parent", "grouping", "category", "other"}
Found = Iterable[str]
Check = Callable[[str, Any], Found]


def problems_of(statement: Any) -> list[str]:
    """What is wrong with a statement, each with its path; empty when nothing is."""
    return [*_nothing_empty("statement", statement), *_fields("statement", statement, STATEMENT, STATEMENT_REQUIRED)]


def _nothing_empty(path: str, value: Any) -> Found:
    """No `null` anywhere and no empty object, but in extensions (2.2, formatting requirements)."""
    if value is None:
        yield f"{path}: null"
    elif isinstance(value, dict):
        if not value:
            yield f"{path}: an empty object"
        for name, inner in value.items():
            if name != "extensions":
                yield from _nothing_empty(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nothing_empty(f"{path}.{number}", inner)


def _fields(path: str, value: Any, known: dict[str, Check], required: Iterable[str]) -> Found:
    if not isinstance(value, dict):
        yield f"{path}: not an object"
        return
    yield from (f"{path}.{name}: missing" for name in required if name not in value)
    for name, inner in value.items():
        if name in known:
            yield from known[name](f"{path}.{name}", inner)
        else:
            yield f"{path}.{name}: unknown"


def _text(path: str, value: Any) -> Found:
    if not isinstance(value, str) or not value:
        yield f"{path}: not a text"


def _iri(path: str, value: Any) -> Found:
    if not isinstance(value, str) or not IRI.fullmatch(value) or not urlsplit(value).scheme:
        yield f"{path}: not an IRI with a scheme"


def _matches(pattern: re.Pattern[str]) -> Check:
    def check(path: str, value: Any) -> Found:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield f"{path}: not like {pattern.pattern}"

    return check


def _one_of(*allowed: str) -> Check:
    def check(path: str, value: Any) -> Found:
        if value not in allowed:
            yield f"{path}: not one of {', '.join(allowed)}"

    return check


def _bool(path: str, value: Any) -> Found:
    if not isinstance(value, bool):
        yield f"{path}: not a boolean"


def _uuid(path: str, value: Any) -> Found:
    """In its standard text form (2.4.1)."""
    try:
        fine = isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        fine = False
    if not fine:
        yield f"{path}: not a UUID"


def _timestamp(path: str, value: Any) -> Found:
    yield from _matches(TIMESTAMP)(path, value)
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        yield f"{path}: no moment"
    if str(value).endswith("-00:00"):
        yield f"{path}: -00:00 is no time zone (4.5)"


def _language_map(path: str, value: Any) -> Found:
    if not isinstance(value, dict):
        yield f"{path}: not a language map"
        return
    for tag, text in value.items():
        if not LANGUAGE_TAG.fullmatch(tag):
            yield f"{path}.{tag}: not a language tag"
        if not isinstance(text, str):
            yield f"{path}.{tag}: not a text"


def _extensions(path: str, value: Any) -> Found:
    if not isinstance(value, dict):
        yield f"{path}: not an object"
        return
    for key in value:
        yield from _iri(f"{path}.{key}", key)


def _account(path: str, value: Any) -> Found:
    return _fields(path, value, {"homePage": _iri, "name": _text}, ("homePage", "name"))


def _agent(path: str, value: Any) -> Found:
    """Exactly one inverse functional identifier (2.4.2.3)."""
    yield from _fields(path, value, AGENT, ())
    if isinstance(value, dict) and len(IDENTIFIERS & value.keys()) != 1:
        yield f"{path}: identified by {sorted(IDENTIFIERS & value.keys())}"


def _activity(path: str, value: Any) -> Found:
    return _fields(path, value, ACTIVITY, ("id",))


def _activities(path: str, value: Any) -> Found:
    for number, one in enumerate(value if isinstance(value, list) else [value]):
        yield from _activity(f"{path}.{number}", one)


def _number(path: str, value: Any) -> Found:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{path}: not a number"


def _score(path: str, value: Any) -> Found:
    """`scaled` is -1 to 1, `min` below `max`, `raw` between them (2.4.5.1)."""
    wrong = list(_fields(path, value, dict.fromkeys(("scaled", "raw", "min", "max"), _number), ()))
    yield from wrong
    if wrong:
        return
    if not -1 <= value.get("scaled", 0) <= 1:
        yield f"{path}.scaled: outside -1 to 1"
    least, most = value.get("min", float("-inf")), value.get("max", float("inf"))
    if not least < most:
        yield f"{path}: min is not below max"
    if not least <= value.get("raw", least) <= most:
        yield f"{path}.raw: not between min and max"


def _part(known: dict[str, Check], *required: str) -> Check:
    return lambda path, value: _fields(path, value, known, required)


AGENT: dict[str, Check] = {
    "objectType": _one_of("Agent"), "name": _text, "mbox": _matches(MAILBOX), "mbox_sha1sum": _matches(SHA1),
    "openid": _iri, "account": _account,
}  # fmt: skip
ACTIVITY: dict[str, Check] = {
    "objectType": _one_of("Activity"),
    "id": _iri,
    "definition": _part(
        {"name": _language_map, "description": _language_map, "type": _iri, "moreInfo": _iri, "extensions": _extensions}
    ),
}
STATEMENT_REQUIRED = ("actor", "verb", "object")
STATEMENT: dict[str, Check] = {
    "id": _uuid,
    "actor": _agent,
    "verb": _part({"id": _iri, "display": _language_map}, "id"),
    "object": _activity,
    "result": _part(
        {
            "score": _score, "success": _bool, "completion": _bool, "response": _text, "duration": _matches(DURATION),
            "extensions": _extensions,
        }
    ),
    "context": _part(
        {
            "registration": _uuid, "instructor": _agent, "contextActivities": _part(dict.fromkeys(AROUND, _activities)),
            "revision": _text, "platform": _text, "language": _matches(LANGUAGE_TAG), "extensions": _extensions,
        }
    ),
    "timestamp": _timestamp,
    "version": _matches(re.compile(r"1\.0\.0")),  # of a provider, 2.4.10; a store takes any 1.0.x
}  # fmt: skip
