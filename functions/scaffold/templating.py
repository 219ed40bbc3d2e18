"""The templates, and what several of them say."""

from functools import cache
from pathlib import Path
from string import Template

from functions.scaffold.spec import Spec, Topic
from functions.scaffold.values import arguments

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _template(name: str) -> Template:
    return Template((TEMPLATES / f"{name}.tmpl").read_text())


def filled(template: str, **values: object) -> str:
    return _template(template).substitute(values)


def published(topic: Topic, *, user: str, now: str, facts: str, taken: Topic | None = None) -> str:
    """The expression of an event that goes out. `user`, `now`, `facts` are expressions too."""
    told = arguments(topic, user, now, taken)
    return filled("outgoing.py", Event=topic.event, arguments=told, user=user, facts=facts, now=now)


def listed(topics: tuple[Topic, ...]) -> str:
    """Their names, as a list's elements in code."""
    return ", ".join(f'"{topic.name}"' for topic in topics)


def names_of(spec: Spec) -> dict[str, str]:
    return {"folder": spec.folder, "name": spec.name, "does": spec.does}
