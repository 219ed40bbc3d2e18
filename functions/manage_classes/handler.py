"""A teacher's rosters: who is in a class is said as a whole, by the one who made it."""

from dataclasses import replace

from functions.manage_classes.models import ClassAnswer, ClassQuery, PutClass
from functions.runtime.errors import Forbidden, PreconditionFailed, invalid
from functions.runtime.models import rfc3339
from functions.runtime.ports import ABSENT, Call, Ports, Principal, Reply, Stored, Write
from functions.usecases.access import CLASSES_AT_MOST, class_ids_of, teacher_key
from functions.usecases.classes import (
    ClassDocument,
    check_access,
    class_from,
    class_key,
    is_owner,
    load_class,
    teachers_only,
)
from functions.usecases.learners import until_committed


async def put_class(ports: Ports, call: Call, request: PutClass, class_id: str) -> Reply:
    """Make a class, or replace its title and roster"""
    teachers_only(call.principal)

    async def decide() -> tuple[ClassDocument, bool]:
        own = teacher_key(call.principal.user_id)
        found = await ports.documents.load(class_key(class_id), own)
        stored = found.get(class_key(class_id))
        known = class_from(stored) if stored else None
        if known and not is_owner(call.principal, known):  # which says that the id is taken: a PUT cannot but show it
            raise Forbidden(f"The class {class_id} is not yours.")
        _check_preconditions(call, known)
        wanted = _changed(known, request, call) if known else _new(class_id, request, call)
        if wanted != known:
            also = [] if known or call.principal.sees_all else [_listed(found.get(own), class_id, call.principal)]
            await ports.documents.commit(
                Write(class_key(class_id), wanted.value(), stored.etag if stored else ABSENT), *also
            )
        return wanted, known is None

    found, new = await until_committed(decide)
    location = {"Location": f"{call.public_url}/classes/{class_id}"} if new else {}
    return Reply(_answer(found), 201 if new else 200, {"ETag": _etag(found), **location})


async def read_class(ports: Ports, call: Call, request: ClassQuery, class_id: str) -> Reply:  # noqa: ARG001
    """Read a class's title and roster"""
    teachers_only(call.principal)
    found = await load_class(ports.documents, class_id)
    check_access(call.principal, found)
    headers = {"ETag": _etag(found)}
    if call.has(headers["ETag"]):
        return Reply(None, 304, headers)
    return Reply(_answer(found), headers=headers)


def _new(class_id: str, request: PutClass, call: Call) -> ClassDocument:
    now = rfc3339(call.now)
    return ClassDocument(class_id, request.title, request.user_ids, call.principal.user_id, 1, now, now)


def _listed(stored: Stored | None, class_id: str, principal: Principal) -> Write:
    """The teacher's list of classes with this one: what they may see of its learners is found by it."""
    class_ids = class_ids_of(stored)
    if len(class_ids) >= CLASSES_AT_MOST:
        raise invalid("class_id", f"you have {CLASSES_AT_MOST} classes already")
    value = {"user_id": principal.user_id, "class_ids": [*class_ids, class_id]}
    return Write(teacher_key(principal.user_id), value, stored.etag if stored else ABSENT)


def _changed(known: ClassDocument, request: PutClass, call: Call) -> ClassDocument:
    """As it was, when the request says nothing new."""
    if (known.title, known.user_ids) == (request.title, request.user_ids):
        return known
    now = rfc3339(call.now)
    return replace(known, title=request.title, user_ids=request.user_ids, version=known.version + 1, updated_at=now)


def _check_preconditions(call: Call, known: ClassDocument | None) -> None:
    """RFC 9110, 13.2.2: `If-Match` first, compared strongly. Raises PreconditionFailed."""
    if call.if_match is not None:
        allowed = [tag.strip() for tag in call.if_match.split(",")]
        if known is None:
            raise PreconditionFailed("If-Match: there is no such class yet.")
        if "*" not in allowed and _etag(known) not in allowed:
            raise PreconditionFailed(f"The class is at version {known.version}; read it again, then decide.")
    if known and call.has(_etag(known)):
        raise PreconditionFailed(f"If-None-Match: the class is there already, at version {known.version}.")


def _etag(found: ClassDocument) -> str:
    return f'"{found.version}"'


def _answer(found: ClassDocument) -> ClassAnswer:
    return ClassAnswer.model_validate(found.value())
