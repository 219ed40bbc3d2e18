"""What was asked for, checked against what there is."""

import re
from collections.abc import Sequence
from pathlib import Path

from functions.refused import Refused
from functions.runtime.events import EventData
from functions.scaffold.endpoints import check_path, endpoint_of
from functions.scaffold.names import check_free, check_topic, check_type, class_of, folder_of
from functions.scaffold.spec import Endpoint, Spec, Topic


def spec_of(
    root: Path,
    name: str,
    *,
    http: str | None = None,
    on: Sequence[tuple[str, str | None]] = (),
    every: str | None = None,
    publishes: Sequence[tuple[str, str | None]] = (),
    does: str | None = None,
) -> Spec:
    """`on`, `publishes`: topics, each with an event type if that was said. Raises Refused for what cannot be."""
    folder = folder_of(name)
    check_free(root, folder)
    if sum(map(bool, (http, on, every))) != 1:
        raise Refused('say what wakes it: --http "POST /path", --on TOPIC (one or several) or --every "*/5 * * * *"')
    endpoint = endpoint_of(http) if http else None
    if endpoint:
        check_path(endpoint)
        if publishes and endpoint.method == "GET":
            raise Refused("a GET changes nothing (RFC 9110, 9.2.1), and so publishes nothing: make it a POST")
    takes = tuple(sorted((_taken(folder, *each) for each in on), key=lambda topic: topic.name))
    sent = tuple(sorted((_published(folder, *each) for each in publishes), key=lambda topic: topic.name))
    _check_distinct(folder, takes, sent)
    return Spec(folder, checked_text(does or _yet(endpoint)), endpoint, takes, checked_cron(every or ""), sent)


def _taken(folder: str, topic: str, type_name: str | None) -> Topic:
    known = _checked(folder, topic, type_name)
    if known:
        return known
    if not type_name:
        raise Refused(f"{topic} is no topic of this system: say what type its events have, --on {topic} --type TYPE")
    return Topic(topic, type_name, _new_class(topic))


def _published(folder: str, topic: str, type_name: str | None) -> Topic:
    known = _checked(folder, topic, type_name)
    if known:
        return known
    type_name = type_name or f"com.learnflow.{topic.replace('-', '.')}.v1"
    if any(event.type_name == type_name for event in _ours().values()):
        raise Refused(f"{type_name} is the type of another topic's events")
    return Topic(topic, type_name, _new_class(topic))


def _checked(folder: str, topic: str, type_name: str | None) -> Topic | None:
    """The topic, if it is one of ours."""
    check_topic(topic, folder)
    if type_name:
        check_type(type_name)
    model = _ours().get(topic)
    if model is None:
        return None
    if type_name not in (None, model.type_name):
        raise Refused(f"{topic} carries {model.type_name}; another type on it would be refused by whoever takes it")
    return Topic(topic, model.type_name, model.__name__, model)


def _new_class(topic: str) -> str:
    name = class_of(topic)
    if any(event.__name__ == name for event in _ours().values()):
        raise Refused(f"{topic} would make a class {name}, and there is one already")
    return name


def known_topic(topic: str, type_name: str, last: bool, as_new: bool = False) -> Topic:
    """One that a function has to do with already. `as_new`: as it was when the function made it."""
    model = None if as_new else _ours().get(topic)
    return Topic(topic, type_name, model.__name__ if model else class_of(topic), model, last)


def _ours() -> dict[str, type[EventData]]:
    from functions.usecases.events import ALL

    return {event.topic_name: event for event in ALL}


def _check_distinct(folder: str, takes: Sequence[Topic], sent: Sequence[Topic]) -> None:
    for topics in (takes, sent):
        for what in ("name", "type_name"):
            seen = [getattr(topic, what) for topic in topics]
            if len(set(seen)) < len(seen):
                raise Refused(f"{next(each for each in seen if seen.count(each) > 1)} is named twice")
    if both := {topic.name for topic in takes} & {topic.name for topic in sent}:
        raise Refused(f"it would be woken by what it publishes, for ever: {both.pop()}")
    own = class_of(folder)
    if both := {own, f"{own}Answer"} & {topic.event for topic in (*takes, *sent)}:
        raise Refused(f"the function and a topic would both make a class {both.pop()}")


def checked_cron(text: str) -> str:
    """Five fields of a schedule. Raises Refused."""
    field = r"[0-9*/,A-Za-z-]+"
    if text and not re.fullmatch(rf"{field}( {field}){{4}}", text):
        raise Refused(f"--every {text!r}: five fields (minute, hour, day, month, weekday), like '*/5 * * * *'")
    return text


def checked_text(text: str) -> str:
    """What stands in a docstring and in a row of a table."""
    if not text.isprintable() or any(character in text for character in '|"\\;') or text != text.strip() or not text:
        raise Refused(f'--does {text!r}: one line, without | " \\ and ;')
    if len(text) > 100:
        raise Refused(f"--does has {len(text)} characters; 100 are enough for a row of a table")
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def _yet(endpoint: Endpoint | None) -> str:
    return "answers, and does nothing yet" if endpoint else "does nothing yet"
