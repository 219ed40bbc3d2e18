"""Who needs help: the teachers' list, and what they do about an alert, which is done in the learner's document.

The row of the list is written right after. No event tells of it: a row that was missed is repaired by the same request
again, or by a rebuild.
"""

import json
from collections.abc import Callable
from datetime import datetime

from functions.learning.learner import Alert, Learner
from functions.manage_alerts.changes import acknowledge, resolve
from functions.manage_alerts.models import AlertAction, AlertFilters, AlertList, ChangedAlert
from functions.runtime.errors import NotFound, Unavailable
from functions.runtime.models import rfc3339
from functions.runtime.paging import cursor_after, position
from functions.runtime.ports import Call, Ports, Reply, Row, Sql
from functions.runtime.telemetry import log
from functions.usecases import tables
from functions.usecases.access import check_learner, may_act_for
from functions.usecases.alert_models import AlertAnswer, alert_answer
from functions.usecases.alerts import find_alert
from functions.usecases.classes import check_access, load_class, teachers_only
from functions.usecases.learners import commit_learner, load_learner, reopen_topics, until_committed
from functions.usecases.listing import Order, Selection, page_of
from functions.usecases.narrowing import narrow
from functions.usecases.projection import ALERT_COLUMNS, alert_row, show
from functions.usecases.signing import signed

NEWEST_FIRST = Order("opened_at", "alert_id", descending=True)
Change = Callable[[Learner, Alert, str, str | None, datetime], bool]


async def list_alerts(ports: Ports, call: Call, request: AlertFilters) -> Reply:
    """List alerts, filtered and paged, the newest first"""
    teachers_only(call.principal)
    filters = request.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    after = position(request.cursor, filters, 2)
    selection = Selection("alerts", ALERT_COLUMNS)
    if request.user_id:
        await check_learner(ports.documents, call.principal, request.user_id)
    elif not request.class_id:
        await narrow(ports.documents, call.principal, selection)
    for name, value in filters.items():
        if name == "class_id":
            found = await load_class(ports.documents, value)
            check_access(call.principal, found)
            selection.among("user_id", found.user_ids)
        else:
            selection.where(f'"{name}" = {{}}', value)
    page = await page_of(ports.read_model, selection, NEWEST_FIRST, after, request.limit)
    alerts = [_shown(row) for row in page.rows]
    cursor = cursor_after([rfc3339(alerts[-1].opened_at), alerts[-1].alert_id], filters) if page.more else None
    return Reply(AlertList(alerts=alerts, total=page.total, total_estimated=page.estimated, next_cursor=cursor))


async def acknowledge_alert(ports: Ports, call: Call, request: AlertAction, alert_id: str) -> Reply:
    """Say that somebody is looking after it"""
    return await _do(ports, call, request, alert_id, acknowledge)


async def resolve_alert(ports: Ports, call: Call, request: AlertAction, alert_id: str) -> Reply:
    """Say that it is dealt with; the same difficulty may open another alert from now on"""
    return await _do(ports, call, request, alert_id, resolve)


async def _do(ports: Ports, call: Call, request: AlertAction, alert_id: str, change: Change) -> Reply:
    teachers_only(call.principal)
    by = signed(call.principal, request.by)
    user_id = await _learner_of(ports, alert_id)
    if not await may_act_for(ports.documents, call.principal, user_id):
        raise NotFound(f"There is no alert {alert_id}.")

    async def decide() -> tuple[Learner, Alert]:
        learner, stored = await load_learner(ports.documents, user_id)
        alert = await find_alert(ports.documents, learner, alert_id)
        if alert is None:  # the learner was forgotten, and the row is on its way out
            raise NotFound(f"There is no alert {alert_id}.")
        await reopen_topics(ports.documents, learner, filter(None, [alert.topic]))  # with what was seen of it
        if change(learner, alert, by, request.note, call.now):
            learner.version, learner.updated_at = learner.version + 1, call.now
            await commit_learner(ports, learner, stored)  # what else is pending is the relay's: nothing is sent here
        return learner, alert

    learner, alert = await until_committed(decide)
    listed = await _list(ports, learner, alert, call.now)
    return Reply(ChangedAlert(**dict(alert_answer(user_id, alert)), listed=listed))


async def _learner_of(ports: Ports, alert_id: str) -> str:
    """Whose alert it is, which only the list knows. Raises NotFound."""
    sql = Sql("SELECT user_id FROM alerts WHERE alert_id = $1", [alert_id])
    for [user_id] in await tables.query(ports.read_model, sql):
        return str(user_id)
    raise NotFound(f"There is no alert {alert_id}.")


async def _list(ports: Ports, learner: Learner, alert: Alert, now: datetime) -> bool:
    """Writes the row, whether or not this request changed something: an earlier one may not have come so far."""
    try:
        await show(ports, learner, [alert_row(learner.user_id, alert, now)])
    except Unavailable as error:
        log.warning("the alert is not listed as it is now", extra={"why": error.detail})
        return False
    return True


def _shown(row: Row) -> AlertAnswer:
    values = dict(zip(ALERT_COLUMNS, row, strict=True))
    return AlertAnswer.model_validate(values | {"evidence": json.loads(values["evidence"])})
