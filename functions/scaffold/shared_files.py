"""The files that name all functions, and the line or block of one function in each, put in or taken out."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from functions.refused import Refused
from functions.scaffold.spec import Spec
from functions.scaffold.tables import with_flows, with_row, with_security, without_flows, without_row, without_security
from functions.scaffold.templating import filled
from functions.scaffold.text import after, with_line, without_line

Change = Callable[[str, Spec], str]
EVENTS = "functions/usecases/events.py"
SCOPE = r"  - ([a-z0-9-]+)(?: +#.*)?"
PORTS = {"app": 8100, "http": 3500, "grpc": 3600, "internal": 3700, "metrics": 9190}  # of dapr.yaml, and a number


@dataclass(frozen=True)
class Edit:
    """Of one file. `concerns`: whether this function is in it at all."""

    path: str
    put: Change
    take: Change
    concerns: Callable[[Spec], bool] = lambda _: True


def edits(spec: Spec) -> Iterator[Edit]:
    yield from (edit for edit in EDITS if edit.concerns(spec))


def _resources(text: str, spec: Spec) -> str:
    head, tail = after(text, "  - dead-letters.yaml\n")
    tail = with_line(tail, f"  - {spec.name}.yaml", r"  - ([a-z0-9-]+)\.yaml")
    for source in _sources(spec):
        tail = with_line(tail, f"  - sources/{source}.yaml", r"  - sources/([a-z0-9-]+)\.yaml")
    return head + tail


def _no_resources(text: str, spec: Spec) -> str:
    for file in (spec.name, *(f"sources/{source}" for source in _sources(spec))):
        text = without_line(text, f"  - {file}\\.yaml")
    return text


def _sources(spec: Spec) -> list[str]:
    return [f"{came}-{spec.name}" for came in (*(t.name for t in spec.takes), *(["ping"] if spec.every else []))]


def _scope(text: str, spec: Spec) -> str:
    head, tail = after(text, "\nscopes:")
    return head + with_line(tail, f"  - {spec.name}", SCOPE)


def _no_scope(text: str, spec: Spec) -> str:
    head, tail = after(text, "\nscopes:")
    return head + without_line(tail, rf"  - {spec.name}(?: +#.*)?")


def _artifact(text: str, spec: Spec) -> str:
    """As the others of one line have it."""
    pattern = r"    - \{image: dev\.local/([a-z0-9-]+), .*\}"
    if not (beside := re.search(rf"^{pattern}$", text, flags=re.MULTILINE)):
        raise Refused("no artifact of one line to put it beside")
    line = beside[0].replace(beside[1], spec.name).replace(beside[1].replace("-", "_"), spec.folder)
    return with_line(text, line, pattern)


def _no_artifact(text: str, spec: Spec) -> str:
    return without_line(text, rf"    - \{{image: dev\.local/{spec.name}, .*\}}")


def _app(text: str, spec: Spec) -> str:
    used = {int(port) - PORTS["app"] for port in re.findall(r"appPort: (\d+)", text)}
    number = next(n for n in range(1, 100) if n not in used)
    block = filled("dapr_app.yaml", **{kind: first + number for kind, first in PORTS.items()}, **_names(spec))
    head, tail = after(text, "\napps:\n")
    blocks = re.split(r"^(?=  - appID: )", tail, flags=re.MULTILINE)
    at = next((i for i, each in enumerate(blocks) if each and each.split()[2] > spec.name), len(blocks))
    return head + "".join([*blocks[:at], block, *blocks[at:]])


def _no_app(text: str, spec: Spec) -> str:
    left, times = re.subn(rf"^  - appID: {spec.name}\n(?:    .*\n)+", "", text, flags=re.MULTILINE)
    if times != 1:
        raise Refused(f"{times} apps are called {spec.name}, where one was expected")
    return left


def _names(spec: Spec) -> dict[str, str]:
    return {"name": spec.name, "folder": spec.folder}


def _topics(text: str, spec: Spec) -> str:
    return re.sub(r"(?<=for topic in ).*(?= learnflow-dead-letters; do)", lambda m: _joined(m[0], spec), text)


def _joined(made: str, spec: Spec) -> str:
    return " ".join(sorted({*made.split(), *(topic.name for topic in spec.topics)}))


def _no_topics(text: str, spec: Spec) -> str:
    gone = {topic.name for topic in spec.topics if topic.last}

    def kept(found: re.Match[str]) -> str:
        return " ".join(topic for topic in found[0].split() if topic not in gone)

    return re.sub(r"(?<=for topic in ).*(?= learnflow-dead-letters; do)", kept, text)


def _events(text: str, spec: Spec) -> str:
    head, found, tail = text.partition("class Ping(EventData):")
    if not found:
        raise Refused("class Ping, before which events of ours stand, is not there")
    return head + "".join(event_class(spec, topic.name) for topic in spec.made) + found + tail


def _no_events(text: str, spec: Spec) -> str:
    for topic in spec.made:
        text, times = re.subn(
            rf"^class {topic.event}\(EventData\):\n(?:(?:    .*)?\n)+?(?=^\S)", "", text, flags=re.MULTILINE
        )
        if times != 1:
            raise Refused(f"class {topic.event} is not there")
    return text


def event_class(spec: Spec, topic_name: str) -> str:
    [topic] = [topic for topic in spec.publishes if topic.name == topic_name]
    return filled("own_event.py", Event=topic.event, topic=topic.name, type=topic.type_name)


def _any_topic(spec: Spec) -> bool:
    return bool(spec.topics)


EDITS = (
    Edit("components/statestore.yaml", _scope, _no_scope),
    Edit("components/readmodel.yaml", _scope, _no_scope),
    Edit("components/pubsub.yaml", _scope, _no_scope, _any_topic),
    Edit("dapr.yaml", _app, _no_app),
    Edit("docs/data-model.md", with_flows, without_flows, _any_topic),
    Edit("docs/security.md", with_security, without_security, lambda spec: spec.endpoint is not None),
    Edit(EVENTS, _events, _no_events, lambda spec: bool(spec.made)),
    Edit("knative/backing/topics.yaml", _topics, _no_topics, _any_topic),
    Edit("knative/base/kustomization.yaml", _resources, _no_resources),
    Edit("README.md", with_row, without_row),
    Edit("skaffold.yaml", _artifact, _no_artifact),
)
