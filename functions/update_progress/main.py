"""`POST /update-progress`: records evidence, computes mastery; publishes `progress-updated`."""

from functions.runtime.app import create_http_app
from functions.runtime.routes import Route
from functions.update_progress.events import NAME
from functions.update_progress.handler import update_progress
from functions.update_progress.models import (
    BatchProgress,
    LessonProgress,
    UpdateProgress,
)

HEADERS = ("idempotency_key", "if_match")
ANSWER = LessonProgress | BatchProgress
REPLAYED = {"Idempotency-Replayed": "`true` when this key was answered before"}
app = create_http_app(
    NAME,
    [
        Route(
            "POST",
            "/update-progress",
            update_progress,
            UpdateProgress,
            ANSWER,
            200,
            (409, 412),
            headers=HEADERS,
            answer_headers=REPLAYED,
        )
    ],
)
