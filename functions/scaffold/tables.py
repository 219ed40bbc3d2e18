"""The tables of the documentation that name functions: README.md, docs/data-model.md, docs/security.md."""

import re

from functions.refused import Refused
from functions.scaffold.spec import Spec, Topic
from functions.scaffold.text import cells_of, named, row_of, without_line

DEAD_LETTERS = "| `learnflow-dead-letters` |"
ELSEWHERE = "another system"
EMBEDDED = "| an event, embedded |"
PUBLISHED, TAKEN = 3, 4  # columns of the table of topics


def with_row(text: str, spec: Spec) -> str:
    """The function behind the others of README's table."""
    rows = list(re.finditer(r"^\| `\w+` \|.*\n", text, flags=re.MULTILINE))
    if not rows:
        raise Refused("the table of functions is not there")
    end = rows[-1].end()
    return text[:end] + row_of([f"`{spec.folder}`", trigger(spec), _does(spec)]) + "\n" + text[end:]


def row_of_function(text: str, folder: str) -> str:
    if not (found := re.search(rf"^\| `{folder}` \|.*$", text, flags=re.MULTILINE)):
        raise Refused(f"{folder} is not in README's table of functions")
    return found[0]


def without_row(text: str, spec: Spec) -> str:
    return without_line(text, rf"\| `{spec.folder}` \|.*")


def trigger(spec: Spec) -> str:
    if spec.endpoint:
        return f"`{spec.endpoint}`"
    if spec.every:
        return "schedule"
    topics = ", ".join(f"`{topic.name}`" for topic in spec.takes)
    return f"event{'s' * (len(spec.takes) > 1)} {topics}"


def _does(spec: Spec) -> str:
    published = ", ".join(f"`{topic.name}`" for topic in spec.publishes)
    return spec.does + (f"; publishes {published}" if published else "")


def with_security(text: str, spec: Spec) -> str:
    """What its endpoint answers to whom, as the access rule of its handler has it."""
    if EMBEDDED not in text or not spec.endpoint:
        raise Refused("the table of endpoints is not there")
    done = "204" if spec.endpoint.method == "DELETE" else "200"
    row = row_of([f"`{spec.endpoint}`", "401", done, "403", done, "403", done])
    return text.replace(EMBEDDED, f"{row}\n{EMBEDDED}", 1)


def without_security(text: str, spec: Spec) -> str:
    for endpoint in filter(None, (spec.endpoint, *spec.further)):
        text, times = re.subn(rf"^\| {re.escape(f'`{endpoint}`')}.*\n", "", text, flags=re.MULTILINE)
        if not times:
            raise Refused(f"{endpoint} is not in the table of endpoints")
    return text


def with_flows(text: str, spec: Spec) -> str:
    """Who publishes and who takes each topic of the function."""
    for topics, column in ((spec.publishes, PUBLISHED), (spec.takes, TAKEN)):
        for topic in topics:
            text = _with_flow(text, spec, topic, column)
    return text


def _with_flow(text: str, spec: Spec, topic: Topic, column: int) -> str:
    own = f"`{spec.folder}`"
    if row := _row(text, topic.name):
        cells = cells_of(row)
        cells[column] = ", ".join([*named(cells[column]), own])
        return text.replace(row, row_of(cells), 1)
    cells = [f"`{topic.name}`", f"`{topic.type_name}`", "user_id", own, ""]
    if column == TAKEN:
        cells = [f"`{topic.name}`", f"`{topic.type_name}`", "", ELSEWHERE, own]
    if DEAD_LETTERS not in text:
        raise Refused("the table of topics is not there")
    return text.replace(DEAD_LETTERS, f"{row_of(cells)}\n{DEAD_LETTERS}", 1)


def without_flows(text: str, spec: Spec) -> str:
    """A topic that nobody else publishes or takes has no row any more."""
    for topics, column in ((spec.publishes, PUBLISHED), (spec.takes, TAKEN)):
        for topic in topics:
            if not (row := _row(text, topic.name)):
                raise Refused(f"{topic.name} is not in the table of topics")
            cells = cells_of(row)
            cells[column] = ", ".join(name for name in named(cells[column]) if name != f"`{spec.folder}`")
            left = "" if topic.last else f"{row_of(cells)}\n"
            text = text.replace(f"{row}\n", left, 1)
    return text


def flows(text: str) -> dict[str, tuple[str, list[str], list[str]]]:
    """The type of each topic, and the functions that publish and take it."""
    found = {}
    for row in re.findall(r"^\| `[a-z0-9-]+` \| `[^`]+` \|.*$", text, flags=re.MULTILINE):
        cells = cells_of(row)
        if len(cells) == TAKEN + 1:
            sent, taken = ([name.strip("`") for name in named(cells[column])] for column in (PUBLISHED, TAKEN))
            found[cells[0].strip("`")] = (cells[1].strip("`"), sent, taken)
    return found


def _row(text: str, topic: str) -> str | None:
    found = re.search(rf"^\| `{topic}` \|.*$", text, flags=re.MULTILINE)
    return found[0] if found else None
