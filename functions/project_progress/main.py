"""Takes `progress-updated`: brings the read model (learner x lesson, learner x topic, learner) up to date."""

from functions.project_progress.handler import project_progress
from functions.runtime.app import create_event_app
from functions.runtime.receive import On
from functions.usecases.events import ProgressUpdated

app = create_event_app("project-progress", [On(ProgressUpdated, project_progress)])
