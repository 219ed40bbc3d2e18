"""A teacher's class: its document, and who may see it."""

from dataclasses import asdict, dataclass

from functions.runtime.errors import Forbidden, NotFound
from functions.runtime.ports import Documents, Json, Principal, Stored


@dataclass(frozen=True)
class ClassDocument:
    """The document `class:<class_id>`: a roster, in the order in which its owner gave it. Times are RFC 3339."""

    class_id: str
    title: str
    user_ids: list[str]
    owner: str
    version: int
    created_at: str
    updated_at: str

    def value(self) -> Json:
        return asdict(self)


def class_key(class_id: str) -> str:
    return f"class:{class_id}"


def class_from(stored: Stored) -> ClassDocument:
    return ClassDocument(**stored.value)


async def load_class(documents: Documents, class_id: str) -> ClassDocument:
    """Raises NotFound. Who may see it is `check_access`'s to say."""
    key = class_key(class_id)
    if stored := (await documents.load(key)).get(key):
        return class_from(stored)
    raise NotFound(f"There is no class {class_id}.")


def teachers_only(principal: Principal) -> None:
    """To be asked before anything is read: a learner shall not find out what there is. Raises Forbidden."""
    if principal.role == "learner":
        raise Forbidden("This is for teachers.")


def check_access(principal: Principal, found: ClassDocument) -> None:
    """A class is its owner's, and a service's; where no token was asked for, everybody's.

    Raises NotFound in the words of `load_class`: whether another teacher has such a class is not said.
    """
    teachers_only(principal)
    if not is_owner(principal, found):
        raise NotFound(f"There is no class {found.class_id}.")


def is_owner(principal: Principal, found: ClassDocument) -> bool:
    return principal.sees_all or principal.user_id == found.owner
