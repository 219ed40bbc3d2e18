"""Shows an alert to teachers: the learner's document holds it, this puts it into the list that they read."""

from functions.runtime.ports import Ports, Received
from functions.usecases.alerts import find_alert
from functions.usecases.events import StruggleDetected
from functions.usecases.learners import load_learner
from functions.usecases.projection import alert_row, show


async def raise_alert(ports: Ports, event: Received[StruggleDetected]) -> None:
    """Writes the alert's row as the document has it now, so that a late event opens nothing again.

    What the document does not know (the learner was forgotten, the event is made up) has no row.
    """
    learner, _ = await load_learner(ports.documents, event.data.user_id)
    if alert := await find_alert(ports.documents, learner, event.data.alert_id):
        await show(ports, learner, [alert_row(learner.user_id, alert, event.now)])
