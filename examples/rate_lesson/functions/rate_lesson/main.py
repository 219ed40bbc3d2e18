"""`POST /ratings`: what a learner thinks of a lesson."""

from functions.rate_lesson.handler import rate_lesson
from functions.rate_lesson.models import RateLesson, Rating
from functions.runtime.app import create_http_app
from functions.runtime.routes import Route

REPLAYED = {"Idempotency-Replayed": "`true` when this key was answered before"}
app = create_http_app(
    "rate-lesson",
    [
        Route(
            "POST",
            "/ratings",
            rate_lesson,
            RateLesson,
            Rating,
            201,
            errors=(404, 409),
            headers=("idempotency_key",),
            answer_headers=REPLAYED,
        )
    ],
)
