"""`PUT /classes/{class_id}`, `GET /classes/{class_id}`: a teacher's rosters."""

from functions.manage_classes.handler import put_class, read_class
from functions.manage_classes.models import ClassAnswer, ClassQuery, PutClass
from functions.runtime.app import create_http_app
from functions.runtime.routes import JSON, Route

PATH, ETAG = "/classes/{class_id}", {"ETag": "the class's version"}
CONDITIONS = ("if_match", "if_none_match")
app = create_http_app(
    "manage-classes",
    [
        Route("PUT", PATH, put_class, PutClass, ClassAnswer, 200, (412,), (JSON,), CONDITIONS, ETAG, creates=True),
        Route("GET", PATH, read_class, ClassQuery, ClassAnswer, 200, (304, 404), (JSON,), CONDITIONS[1:], ETAG),
    ],
)
