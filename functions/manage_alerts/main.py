"""`GET /alerts`, `POST /alerts/{alert_id}/acknowledge`, `…/resolve`: a teacher's list of who needs help."""

from functions.manage_alerts.handler import acknowledge_alert, list_alerts, resolve_alert
from functions.manage_alerts.models import AlertAction, AlertFilters, AlertList, ChangedAlert
from functions.runtime.app import create_http_app
from functions.runtime.routes import Route

ONE = "/alerts/{alert_id}"
app = create_http_app(
    "manage-alerts",
    [
        Route("GET", "/alerts", list_alerts, AlertFilters, AlertList, 200, (404,)),
        Route("POST", f"{ONE}/acknowledge", acknowledge_alert, AlertAction, ChangedAlert, 200, (404, 409)),
        Route("POST", f"{ONE}/resolve", resolve_alert, AlertAction, ChangedAlert, 200, (404,)),
    ],
)
