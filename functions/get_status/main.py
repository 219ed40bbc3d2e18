"""`GET /status`, `GET /status/class`: where a learner or a class stands, and why."""

from functions.get_status.class_models import ClassQuery, ClassStatus
from functions.get_status.class_status import CSV, class_status
from functions.get_status.handler import XAPI, get_status
from functions.get_status.models import LearnerStatus, LessonStatus, StatusQuery
from functions.runtime.app import create_http_app
from functions.runtime.routes import JSON, Route

ETAG = {"ETag": "weak: the document's version, the day and the query"}
STATUS = LessonStatus | LearnerStatus
app = create_http_app(
    "get-status",
    [
        Route("GET", "/status", get_status, StatusQuery, STATUS, 200, (304,), (JSON, XAPI), ("if_none_match",), ETAG),
        Route("GET", "/status/class", class_status, ClassQuery, ClassStatus, 200, (404,), (JSON, CSV)),
    ],
)
