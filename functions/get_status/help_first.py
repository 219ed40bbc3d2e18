"""Whom a teacher should help first, and why: open alerts, then who stalled or never started, then who falls."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.get_status.class_models import ClassLearner, LessonCounts, State
from functions.learning.curriculum import course
from functions.learning.levels import level_of
from functions.learning.struggle import IN_WORDS

STALLED = timedelta(days=7)  # without any activity
SEVERITIES = ("low", "medium", "high")
NEEDS: dict[State, int] = {"completed": 0, "active": 1, "never_started": 2, "stalled": 3}


@dataclass
class Known:
    """What the read model has of one learner: their row by column, alerts not resolved, topics whose mastery fell.

    `ahead`: how many next lessons were prepared and not begun; nobody has them to do.
    """

    row: dict[str, Any] | None = None
    ahead: int = 0
    alerts: list[dict[str, Any]] = field(default_factory=list)
    falling: list[str] = field(default_factory=list)


def learner_of(user_id: str, known: Known, now: datetime) -> ClassLearner:
    """The learner as a class shows them."""
    row = known.row or {}
    number = {name: int(row.get(name, 0)) for name in ("not_started", "in_progress", "completed")}
    mastery = float(row.get("overall_mastery") or 0.0)
    level = level_of(mastery)
    days = (now - row["last_active"]).days if row.get("last_active") else None
    state = _state(number, known.ahead, days)
    alerts = sorted(known.alerts, key=lambda a: -SEVERITIES.index(a["severity"]))
    return ClassLearner(
        user_id=user_id,
        state=state,
        overall_mastery=mastery,
        level=level.name,
        colour=level.colour,
        topics_started=int(row.get("topics_started", 0)),
        lessons=LessonCounts(**number, total=sum(number.values())),
        streak_days=int(row.get("streak_days", 0)),
        last_active=row.get("last_active"),
        days_inactive=days,
        open_alerts=len(alerts),
        worst_severity=alerts[0]["severity"] if alerts else None,
        falling_topics=sorted(known.falling),
        reasons=[*map(_alert, alerts), *_absence(state, days), *map(_fall, sorted(known.falling))],
        as_of=row.get("written_at"),
    )


def help_first(learners: Sequence[ClassLearner]) -> list[ClassLearner]:
    """In the order in which they need help."""

    def need(learner: ClassLearner) -> tuple[Any, ...]:
        worst = SEVERITIES.index(learner.worst_severity) + 1 if learner.worst_severity else 0
        idle = learner.days_inactive or 0 if learner.state == "stalled" else 0
        falling = len(learner.falling_topics)
        return -worst, -learner.open_alerts, -NEEDS[learner.state], -idle, -falling, learner.overall_mastery

    return sorted(learners, key=lambda learner: (*need(learner), learner.user_id))


def _state(number: dict[str, int], ahead: int, days: int | None) -> State:
    if days is None:
        return "never_started"
    if number["completed"] and number["completed"] + ahead == sum(number.values()):
        return "completed"
    return "stalled" if days >= STALLED.days else "active"


def _alert(alert: dict[str, Any]) -> str:
    seen = " (a teacher knows)" if alert["state"] == "acknowledged" else ""
    return f"{_title(alert['topic'])}: {IN_WORDS[alert['trigger']]}{seen}."


def _absence(state: State, days: int | None) -> list[str]:
    if state == "never_started":
        return ["Has not started yet."]
    return [f"Nothing for {days} days."] if state == "stalled" else []


def _fall(topic_id: str) -> str:
    return f"{_title(topic_id)}: mastery has fallen."


def _title(topic_id: str | None) -> str:
    topic = course().by_id.get(topic_id or "")
    return topic.title if topic else topic_id or "A lesson made elsewhere"
