"""Takes `struggle-detected`: brings the alert into the teachers' list."""

from functions.raise_alert.handler import raise_alert
from functions.runtime.app import create_event_app
from functions.runtime.receive import On
from functions.usecases.events import StruggleDetected

app = create_event_app("raise-alert", [On(StruggleDetected, raise_alert)])
