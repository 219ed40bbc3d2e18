"""`POST /generate-lesson`: writes a lesson for one learner; publishes `lesson-generated`."""

from functions.generate_lesson.handler import NAME, STREAM, generate_lesson
from functions.generate_lesson.models import GenerateLesson
from functions.runtime.app import create_http_app
from functions.runtime.routes import JSON, Route
from functions.usecases.lesson_models import LessonAnswer

KINDS, KEY = (JSON, STREAM), ("idempotency_key",)
HEADERS = {"Location": "the lesson", "Idempotency-Replayed": "`true` when this key was answered before"}
app = create_http_app(
    NAME,
    [
        Route(
            "POST",
            "/generate-lesson",
            generate_lesson,
            GenerateLesson,
            LessonAnswer,
            201,
            (404, 409, 429),
            KINDS,
            KEY,
            HEADERS,
        )
    ],
)
