"""The modules and tests of a function that is woken by events, or by a schedule, whose ping is an event too."""

from functions.scaffold.spec import Spec, Topic
from functions.scaffold.templating import filled, listed, names_of, published

PING = Topic("ping", "dev.knative.sources.ping", "Ping")
EACH = '@pytest.mark.parametrize("on", app.state.function.takes, ids=lambda on: on.data.topic_name)'


def modules(spec: Spec) -> dict[str, str]:
    """By file name; `unit` and `contract` are its tests."""
    events = spec.takes or (PING,)
    handlers = {t: spec.folder if len(events) == 1 else f"on_{t.name.replace('-', '_')}" for t in events}
    foreign = sorted(topic.event for topic in spec.foreign)
    ours = {topic.event for topic in events}.difference(foreign)
    common = {
        **names_of(spec),
        "taken": _taken(spec),
        "handlers": ", ".join(handlers.values()),
        "foreign": ", ".join(foreign),
        "ours": ", ".join(sorted(ours)),
    }
    written = {topic.event for topic in spec.publishes}
    ons = ", ".join(f"On({topic.event}, {handler})" for topic, handler in handlers.items())
    found = {
        "main.py": _with_imports("event_main.py", common, ons=ons),
        "handler.py": _with_imports(
            "event_handler.py",
            common | {"ours": ", ".join(sorted(ours | written))},
            functions="\n\n".join(_function(spec, topic, handler) for topic, handler in handlers.items()),
        ),
        "unit": _with_imports(
            "event_unit_test.py", common, tests="".join(_tests(spec, t, h, len(events)) for t, h in handlers.items())
        ),
        "contract": _contract(spec, events, common),
    }
    if foreign:
        classes = [filled("foreign_event.py", Event=t.event, topic=t.name, type=t.type_name) for t in spec.foreign]
        found["models.py"] = filled("event_models.py", classes="\n\n".join(classes))
    return found


def _taken(spec: Spec) -> str:
    """What wakes it, as a docstring says it."""
    if spec.every:
        return f"a schedule's `ping` ({spec.every})"
    *first, last = [f"`{topic.name}`" for topic in spec.takes]
    return f"{', '.join(first)} and {last}" if first else last


def _function(spec: Spec, topic: Topic, handler: str) -> str:
    known = topic.model is not None and "user_id" in topic.model.model_fields
    user = "event.data.user_id" if known else "stable_id(event.key)"
    events = [published(each, user=user, now="event.now", facts="event.key,", taken=topic) for each in spec.publishes]
    template = "event_publishing_function.py" if events else "event_function.py"
    return filled(template, handler=handler, Event=topic.event, events="".join(events))


def _tests(spec: Spec, topic: Topic, handler: str, of: int) -> str:
    seen = f"    assert [topic for topic, _, _ in world.publisher.published] == [{listed(spec.publishes)}]\n"
    return filled(
        "event_unit_tests.py",
        an="an" if of == 1 else f"a_{topic.name.replace('-', '_')}",
        Event=topic.event,
        handler=handler,
        published=seen if spec.publishes else "",
    )


def _contract(spec: Spec, events: tuple[Topic, ...], common: dict[str, str]) -> str:
    if len(events) == 1:
        each = {"each": "", "on": "", "parameter": "", "model": events[0].event}
    else:
        each = {"each": EACH, "on": "on: On[Any]", "parameter": ", on: On[Any]", "model": "on.data"}
    from_kafka = filled("event_kafka_test.py", **each) if spec.takes else ""
    return _with_imports("event_contract_test.py", common, **each, first=events[0].event, from_kafka=from_kafka)


def _with_imports(template: str, common: dict[str, str], **values: str) -> str:
    """Without those that would name nothing."""
    lines = filled(template, **common, **values).split("\n")
    return "\n".join(line for line in lines if not (line.startswith("from ") and line.endswith(" import ")))
