"""A learner's rights over what is held about them: to have it, and to have it forgotten. Not their teachers'."""

from functions.manage_learner.erasing import erase
from functions.manage_learner.exporting import exported
from functions.manage_learner.models import NoQuery
from functions.runtime.ports import Call, Ports, Reply
from functions.usecases.access import check_own


async def export_learner(ports: Ports, call: Call, request: NoQuery, user_id: str) -> Reply:  # noqa: ARG001
    """Everything held about one learner, as one document"""
    check_own(call.principal, user_id)
    headers = {"Content-Disposition": f'attachment; filename="{user_id}.json"', "Cache-Control": "no-store"}
    return Reply(await exported(ports, user_id), headers=headers)


async def forget_learner(ports: Ports, call: Call, request: NoQuery, user_id: str) -> Reply:  # noqa: ARG001
    """Forget a learner: everything held about them is deleted, only the id and the time stay"""
    check_own(call.principal, user_id)
    await erase(ports, user_id)
    return Reply(None, 204)
