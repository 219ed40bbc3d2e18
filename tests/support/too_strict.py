"""A release of `track-lesson` with a mistake: it refuses every lesson whose title is longer than three letters."""

from pydantic import Field

from functions.runtime.app import create_event_app
from functions.runtime.receive import On
from functions.track_lesson.handler import track_lesson
from functions.usecases.events import LessonGenerated


class TooStrict(LessonGenerated):
    title: str = Field(max_length=3)


app = create_event_app("track-lesson", [On(TooStrict, track_lesson)])
