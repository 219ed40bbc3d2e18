"""Takes `lesson-generated`: creates the `not_started` entry if absent; puts the lesson into the read model."""

from functions.runtime.app import create_event_app
from functions.runtime.receive import On
from functions.track_lesson.handler import track_lesson
from functions.usecases.events import LessonGenerated

app = create_event_app("track-lesson", [On(LessonGenerated, track_lesson)])
