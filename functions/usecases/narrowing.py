"""Lists of the read model, narrowed to the learners that a teacher has."""

from functions.runtime.errors import invalid
from functions.runtime.ports import Documents, Principal
from functions.usecases.access import learners_of
from functions.usecases.listing import Selection

LEARNERS_AT_MOST = 2_000  # they are parameters of one statement, which the sidecar takes as a header


async def narrow(documents: Documents, principal: Principal, selection: Selection) -> None:
    """To the teacher's own learners and themselves. Raises InvalidRequest when they are too many for one list."""
    if principal.sees_all:
        return
    user_ids = sorted({principal.user_id, *(await learners_of(documents, principal))})
    if len(user_ids) > LEARNERS_AT_MOST:
        raise invalid("user_id", f"you have {len(user_ids)} learners, which is too many for one list: name one of them")
    selection.among("user_id", user_ids)
