"""An alert as it is answered (spec section 10): the same object in a learner's status and in the teachers' list."""

from typing import Any, Literal

from functions.learning.learner import Alert
from functions.runtime.models import Answer, Time

AlertState = Literal["open", "acknowledged", "resolved"]
Trigger = Literal["repeated_error", "stuck", "low_quiz", "says_stuck", "failed_runs", "wrong_answers"]


class AlertAnswer(Answer):
    """A learner needs help: why, since when, and what became of it."""

    alert_id: str
    user_id: str
    lesson_id: str
    topic: str | None
    trigger: Trigger
    severity: Literal["low", "medium", "high"]
    state: AlertState
    evidence: list[dict[str, Any]]
    opened_at: Time
    acknowledged_at: Time | None
    acknowledged_by: str | None
    resolved_at: Time | None
    resolved_by: str | None
    note: str | None


def alert_answer(user_id: str, alert: Alert) -> AlertAnswer:
    own = {name: getattr(alert, name) for name in AlertAnswer.model_fields if name != "user_id"}
    return AlertAnswer.model_validate({"user_id": user_id} | own)
