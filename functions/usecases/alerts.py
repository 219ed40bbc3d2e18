"""Finding an alert in its learner's document, where it is true; the read model only shows it."""

from functions.learning.learner import Alert, Learner
from functions.runtime.ports import Documents
from functions.usecases.learners import load_alerts


async def find_alert(documents: Documents, learner: Learner, alert_id: str) -> Alert | None:
    """The alert as it is now; sealed segments are read only when the document itself does not hold it."""
    for alert in (*learner.alerts, *learner.resolved_alerts):
        if alert.alert_id == alert_id:
            return alert
    return next((alert for alert in await load_alerts(documents, learner) if alert.alert_id == alert_id), None)
