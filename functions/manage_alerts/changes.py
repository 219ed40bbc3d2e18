"""What becomes of an alert: open, acknowledged, resolved, in this one direction. The first who and when stand."""

from datetime import datetime

from functions.learning.learner import Alert, Learner
from functions.learning.struggle import forgive
from functions.runtime.errors import WrongState


def acknowledge(learner: Learner, alert: Alert, by: str, note: str | None, now: datetime) -> bool:  # noqa: ARG001
    """False when it was before. Raises WrongState for an alert that is resolved."""
    if alert.state == "resolved":
        raise WrongState(f"The alert was resolved by {alert.resolved_by}.")
    if alert.state == "acknowledged":
        return False
    alert.state, alert.acknowledged_by, alert.acknowledged_at = "acknowledged", by, now
    _changed(alert, note)
    return True


def resolve(learner: Learner, alert: Alert, by: str, note: str | None, now: datetime) -> bool:
    """Moves it to the learner's resolved ones; False when it was before."""
    if alert.state == "resolved":
        return False
    alert.state, alert.resolved_by, alert.resolved_at = "resolved", by, now
    _changed(alert, note)
    learner.alerts.remove(alert)
    learner.resolved_alerts.append(alert)
    forgive(learner, alert)
    return True


def _changed(alert: Alert, note: str | None) -> None:
    alert.note = note or alert.note
    alert.version += 1
