"""Takes `progress-updated` and `struggle-detected`: writes the next, or a remedial, lesson ahead of time."""

from functions.prepare_lesson.handler import prepare_next, prepare_remedial
from functions.runtime.app import create_event_app
from functions.runtime.receive import On
from functions.usecases.events import ProgressUpdated, StruggleDetected

app = create_event_app("prepare-lesson", [On(ProgressUpdated, prepare_next), On(StruggleDetected, prepare_remedial)])
