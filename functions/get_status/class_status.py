"""Where a class stands, from the read model: a row a learner, and what became of its lessons."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from functions.get_status.class_models import STATES, ClassQuery, ClassStatus
from functions.get_status.drop_off import LESSON_COLUMNS, drop_off
from functions.get_status.help_first import Known, help_first, learner_of
from functions.get_status.table import as_csv
from functions.learning.mastery import FALLING
from functions.runtime.ports import Call, Ports, ReadModel, Reply
from functions.usecases.access import check_learners
from functions.usecases.classes import check_access, load_class, teachers_only
from functions.usecases.listing import Selection
from functions.usecases.tables import query

CSV = "text/csv"
LEARNER_COLUMNS = (
    "user_id", "overall_mastery", "topics_started", "not_started", "in_progress", "completed", "streak_days",
    "last_active", "written_at",
)  # fmt: skip
ALERT_COLUMNS = ("user_id", "topic", "trigger", "severity", "state")
# written ahead for a completion, and not begun
AHEAD = (
    "requested_by = 'progress' AND EXISTS (SELECT 1 FROM lesson_progress own WHERE own.user_id = lessons.user_id"
    " AND own.lesson_id = lessons.lesson_id AND own.status = 'not_started')"
)
TIMES = ("last_active", "last_activity", "written_at")


async def class_status(ports: Ports, call: Call, request: ClassQuery) -> Reply:
    """Where a class stands, who to help first is first"""
    teachers_only(call.principal)
    roster = await load_class(ports.documents, request.class_id) if request.class_id else None
    if roster:
        check_access(call.principal, roster)
    user_ids = roster.user_ids if roster else request.learners()
    if not roster:
        await check_learners(ports.documents, call.principal, user_ids)
    ahead = {
        (row["user_id"], row["lesson_id"])
        for row in await _rows(ports.read_model, "lessons", ("user_id", "lesson_id"), user_ids, AHEAD)
    }
    known = await _known(ports.read_model, user_ids)
    for user_id, _ in ahead:
        known[user_id].ahead += 1
    learners = help_first([learner_of(user_id, known[user_id], call.now) for user_id in user_ids])
    dropped = None
    if request.include == "drop_off":
        rows = await _rows(ports.read_model, "lesson_progress", LESSON_COLUMNS, user_ids)
        dropped = drop_off([row for row in rows if (row["user_id"], row["lesson_id"]) not in ahead], call.now)
    answer = ClassStatus(
        class_id=request.class_id,
        title=roster.title if roster else None,
        learners=learners,
        counts={state: sum(learner.state == state for learner in learners) for state in STATES},
        drop_off=dropped,
        as_of=max((learner.as_of for learner in learners if learner.as_of), default=None),
    )
    if call.accept == CSV:
        return Reply(as_csv(dropped if dropped is not None else learners), media_type=f"{CSV}; charset=utf-8")
    return Reply(answer)


async def _known(read_model: ReadModel, user_ids: Sequence[str]) -> dict[str, Known]:
    found: dict[str, Known] = defaultdict(Known)
    for row in await _rows(read_model, "learner_progress", LEARNER_COLUMNS, user_ids):
        found[row["user_id"]].row = row
    for alert in await _rows(read_model, "alerts", ALERT_COLUMNS, user_ids, "state <> 'resolved'"):
        found[alert["user_id"]].alerts.append(alert)
    fallen = f"best - assessed >= {FALLING}"
    for topic in await _rows(read_model, "topic_progress", ("user_id", "topic"), user_ids, fallen):
        found[topic["user_id"]].falling.append(topic["topic"])
    return found


async def _rows(
    read_model: ReadModel, table: str, columns: Iterable[str], user_ids: Sequence[str], condition: str = ""
) -> list[dict[str, Any]]:
    """The learners' rows of a table, by column; times as datetimes."""
    names = list(columns)
    selection = Selection(table, names)
    selection.among("user_id", user_ids)
    if condition:
        selection.where(condition)
    rows = [dict(zip(names, row, strict=True)) for row in await query(read_model, selection.sql())]
    for row in rows:
        for name in TIMES:
            if isinstance(row.get(name), str):
                row[name] = datetime.fromisoformat(row[name])
    return rows
