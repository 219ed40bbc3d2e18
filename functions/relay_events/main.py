"""Takes a schedule's `ping`: publishes what a crash left unpublished."""

from functions.relay_events.handler import relay_events
from functions.runtime.app import create_event_app
from functions.runtime.receive import On
from functions.usecases.events import Ping

app = create_event_app("relay-events", [On(Ping, relay_events)])
