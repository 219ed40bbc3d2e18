"""Takes a function away: what `learnflow new` would write for it, and whatever became of that since."""

import re
from pathlib import Path

from functions.refused import Refused
from functions.scaffold.applying import Plan
from functions.scaffold.asked import known_topic
from functions.scaffold.endpoints import endpoint_of
from functions.scaffold.own_files import own_files
from functions.scaffold.plan import in_file, read
from functions.scaffold.shared_files import EVENTS, edits, event_class
from functions.scaffold.spec import Spec
from functions.scaffold.staging import staged
from functions.scaffold.tables import ELSEWHERE, flows, row_of_function
from functions.scaffold.text import cells_of

DATA_MODEL = "docs/data-model.md"


def plan_to_remove(root: Path, name: str, force: bool) -> Plan:
    """Raises Refused for work that would be lost, and for what others need, unless it is forced."""
    folder = name.replace("-", "_")
    if not (root / "functions" / folder / "main.py").exists():
        raise Refused(f"there is no function {folder}: functions/{folder}/main.py is not there")
    spec = spec_from(root, folder)
    own = _own(root, spec)
    if not force:
        if needed := _needed_by(root, spec, own):
            raise Refused(f"{folder} is needed by {_some(needed)}; --force removes it all the same")
        if edited := _edited(root, spec, own):
            raise Refused(f"{_some(edited)}: not as `new` wrote it, and would be lost; --force removes it all the same")
    plan: dict[str, str | None] = dict.fromkeys(own)
    for edit in edits(spec):
        with in_file(edit.path):
            plan[edit.path] = edit.take((root / edit.path).read_text(), spec)
    return {path: text for path, text in plan.items() if text != read(root, path)}


def spec_from(root: Path, folder: str) -> Spec:
    """What was asked for, read from where it is written."""
    name = folder.replace("_", "-")
    _, trigger, does = cells_of(row_of_function((root / "README.md").read_text(), folder))
    every = ""
    if (ping := root / f"knative/base/sources/ping-{name}.yaml").exists():
        [every] = re.findall(r'^  schedule: "(.*)"$', ping.read_text(), flags=re.MULTILINE)
    endpoints = [endpoint_of(text.strip("`")) for text in trigger.split(", ")] if trigger.startswith("`") else []
    takes, sent = [], []
    for topic, (_, publishers, takers) in flows((root / DATA_MODEL).read_text()).items():
        last = {*publishers, *takers} <= {folder, ELSEWHERE}
        if folder in takers:
            takes.append((topic, last))
        if folder in publishers:
            sent.append((topic, last))
    types = {topic: flow[0] for topic, flow in flows((root / DATA_MODEL).read_text()).items()}
    return Spec(
        folder,
        re.sub(r"; publishes `.*`$", "", does),
        endpoints[0] if endpoints else None,
        tuple(known_topic(topic, types[topic], last) for topic, last in sorted(takes)),
        every,
        tuple(known_topic(topic, types[topic], last, as_new=last) for topic, last in sorted(sent)),
        tuple(endpoints[1:]),
    )


def _own(root: Path, spec: Spec) -> list[str]:
    """All that is there of it: its folder with whatever was put there, and the files that are called after it."""
    inside = [path for path in (root / "functions" / spec.folder).rglob("*") if path.is_file()]
    files = {path.relative_to(root).as_posix() for path in inside if "__pycache__" not in path.parts}
    files |= {path for path in own_files(spec) if (root / path).exists()}
    files.add(f"docs/contracts/openapi/{spec.name}.json")
    files |= {f"docs/contracts/events/{topic.type_name}.json" for topic in spec.made}
    return sorted(path for path in files if (root / path).exists())


def _edited(root: Path, spec: Spec, own: list[str]) -> list[str]:
    """Those of its files, and of its events, that are not as `new` would write them."""
    written = own_files(spec)
    with staged(root, written) as stage:
        as_new = {path: (stage / path).read_text() for path in written}
    edited = [path for path in own if not path.startswith("docs/") and as_new.get(path) != read(root, path)]
    events = (root / EVENTS).read_text()
    return edited + [f"class {t.event}" for t in spec.made if event_class(spec, t.name).rstrip() not in events]


def _needed_by(root: Path, spec: Spec, own: list[str]) -> list[str]:
    """Files that import it, and are not its own; functions that only it sends events to."""
    said = re.compile(rf"^\s*(?:from|import) functions\.{spec.folder}\b", flags=re.MULTILINE)
    looked = [path for kind in ("functions", "tests", "bench") for path in (root / kind).rglob("*.py")]
    named = [path.relative_to(root).as_posix() for path in looked if said.search(path.read_text())]
    found = flows((root / DATA_MODEL).read_text())
    fed = [
        f"{taker}, which takes {t}"
        for t, (_, senders, takers) in found.items()
        if senders == [spec.folder]
        for taker in takers
    ]
    return [*(path for path in named if path not in own), *fed]


def _some(paths: list[str]) -> str:
    shown = ", ".join(paths[:3])
    return shown + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
