"""`GET /lessons`, `GET /lessons/{lesson_id}`: the learner's lessons, filtered and paged."""

from functions.list_lessons.handler import MEDIA_TYPES, list_lessons, read_lesson
from functions.list_lessons.models import LessonFilters, LessonList, LessonQuery
from functions.runtime.app import create_http_app
from functions.runtime.routes import Route
from functions.usecases.lesson_models import LessonAnswer

KINDS, CONDITION = tuple(MEDIA_TYPES.values()), ("if_none_match",)
ETAG = {"ETag": "the lesson's version and format"}
app = create_http_app(
    "list-lessons",
    [
        Route("GET", "/lessons", list_lessons, LessonFilters, LessonList),
        Route(
            "GET",
            "/lessons/{lesson_id}",
            read_lesson,
            LessonQuery,
            LessonAnswer,
            200,
            (304, 404),
            KINDS,
            CONDITION,
            ETAG,
        ),
    ],
)
