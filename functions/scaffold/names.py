"""What a function, a topic and an event type may be called: by Python, by Kubernetes, and by what is there already."""

import builtins
import keyword
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from functions.refused import Refused
from functions.runtime.refusing import DEAD_LETTERS

# A revision is called after its service, with `-00001` behind it; both are DNS labels (RFC 1035) of at most 63.
LONGEST = 63 - len("-00001")
FOLDER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# What the generated modules call something else.
IN_USE = {
    *("answer_once", "app", "call", "check_learner", "create_event_app", "create_http_app", "event", "event_of"),
    *("events", "handler", "kafka", "main", "models", "new_learner", "once", "outgoing", "ports", "postgres", "pytest"),
    *("received", "request", "stable_id", "user_id", "world", "http", "idempotency_key", "reply", "functions", "tests"),
    *("dev", "examples"),  # dependency groups: a function of that name would have them in its image
}
CLASSES_IN_USE = {
    *("Any", "Answer", "Backend", "Call", "ClassVar", "EventData", "Field", "Forbidden", "Id", "On", "Ping", "Ports"),
    *("Received", "Reply", "Request", "Route", "Slug", "StackBackend", "Time", "Unavailable", "World"),
}


def folder_of(name: str) -> str:
    """The function's folder: its name, with `_` for `-`. Raises Refused for what can be no function's name."""
    folder = name.replace("-", "_")
    if not FOLDER.fullmatch(folder):
        raise Refused(
            f"{name!r} is no name for a function: lower-case words and digits with _ between, like cheer_learner"
        )
    if len(folder) > LONGEST:
        raise Refused(f"{name} has {len(folder)} characters; Knative's revisions leave {LONGEST} for a service's name")
    if keyword.iskeyword(folder) or keyword.issoftkeyword(folder) or hasattr(builtins, folder):
        raise Refused(f"{name} is a word of Python")
    if folder in sys.stdlib_module_names or folder in packages_distributions():
        raise Refused(f"{name} is the name of a package that Python finds already")
    if folder in IN_USE:
        raise Refused(f"{name} is what the function's own modules call something else")
    return folder


def check_free(root: Path, folder: str) -> None:
    """Raises Refused when `functions` has something of this name."""
    package, module = root / "functions" / folder, root / "functions" / f"{folder}.py"
    held = {path.name for path in package.iterdir()} if package.is_dir() else set()
    if held - {"__pycache__"} or module.exists():  # what `git checkout` leaves is nothing
        raise Refused(f"functions/{folder} is there already")


def check_topic(topic: str, name: str) -> None:
    """Raises Refused for a topic after which no source could be called (Kubernetes is stricter than Kafka)."""
    if not SLUG.fullmatch(topic):
        raise Refused(
            f"{topic!r} is no name for a topic: lower-case words and digits with - between, like badge-earned"
        )
    if len(f"{topic}-{name}") > 63:
        raise Refused(f"{topic}-{name}, which its source would be called, is longer than the 63 characters it may have")
    if topic == DEAD_LETTERS:
        raise Refused(
            "learnflow-dead-letters is for what could not be handled, and is read by `learnflow dead-letters`"
        )


def check_type(type_name: str) -> None:
    if not TYPE.fullmatch(type_name):
        raise Refused(
            f"{type_name!r} is no event type: letters, digits, `.`, `_`, `-`, like com.example.order.placed.v1"
        )


def class_of(slug: str) -> str:
    """`badge-earned` or `badge_earned` as a class is called. Raises Refused when that class is another one."""
    name = "".join(part.capitalize() for part in re.split("[-_]", slug))
    if name in CLASSES_IN_USE or hasattr(builtins, name):
        raise Refused(f"{slug} would make a class {name}, and there is one already")
    return name
