"""Who may see and change what is held about a learner (spec section 9): they themselves, the teachers in whose classes
they are, and services.

Asked of the documents, so that what a teacher was given or lost with a roster holds from the next request on, and
nothing is granted by a table that lags behind. Two reads for a teacher, none for anybody else.
"""

from collections.abc import Collection

from functions.runtime.errors import Forbidden
from functions.runtime.ports import Documents, Principal, Stored
from functions.usecases.classes import class_from, class_key

CLASSES_AT_MOST = 100  # of a teacher: all of them are read to find a learner


def teacher_key(user_id: str) -> str:
    """The document that lists which classes a teacher made."""
    return f"teacher:{user_id}"


async def may_act_for(documents: Documents, principal: Principal, user_id: str) -> bool:
    """Whether the caller may see and change what belongs to this learner. Raises Unavailable."""
    if principal.sees_all or principal.user_id == user_id:
        return True
    return principal.role == "teacher" and user_id in await learners_of(documents, principal)


async def check_learner(documents: Documents, principal: Principal, user_id: str) -> None:
    """Raises Forbidden, whether or not there is such a learner: nothing is looked at before."""
    if not await may_act_for(documents, principal, user_id):
        raise Forbidden(
            "You may only do this for yourself."
            if principal.role == "learner"
            else f"The learner {user_id} is in no class of yours."
        )


async def check_learners(documents: Documents, principal: Principal, user_ids: Collection[str]) -> None:
    """The same for several at once. Raises Forbidden, which names the first who is none of the caller's."""
    if not principal.sees_all:
        known = {principal.user_id, *(await learners_of(documents, principal))}
        if others := [user_id for user_id in user_ids if user_id not in known]:
            raise Forbidden(f"The learner {others[0]} is in no class of yours.")


def check_own(principal: Principal, user_id: str) -> None:
    """For what is a learner's right and not their teachers'. Raises Forbidden."""
    if not principal.sees_all and principal.user_id != user_id:
        raise Forbidden("You may only do this for yourself.")


async def learners_of(documents: Documents, principal: Principal) -> Collection[str]:
    """Everybody in the classes that a teacher made, each once."""
    own = teacher_key(principal.user_id)
    if not (stored := (await documents.load(own)).get(own)):
        return ()
    classes = await documents.load(*map(class_key, stored.value["class_ids"]))
    return {user_id: None for found in classes.values() for user_id in class_from(found).user_ids}.keys()


def class_ids_of(stored: Stored | None) -> list[str]:
    return list(stored.value["class_ids"]) if stored else []
