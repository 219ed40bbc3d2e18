"""`GET /calendar/{user_id}`: when which topic is to be reviewed."""

from functions.export_calendar.handler import CALENDAR, export_calendar
from functions.export_calendar.models import NoQuery, ReviewCalendar
from functions.runtime.app import create_http_app
from functions.runtime.routes import JSON, Route

app = create_http_app(
    "export-calendar",
    [Route("GET", "/calendar/{user_id}", export_calendar, NoQuery, ReviewCalendar, media_types=(CALENDAR, JSON))],
)
