"""What `learnflow new` and `learnflow remove` change, worked out in full before anything is written."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from functions.refused import Refused
from functions.scaffold.applying import Plan
from functions.scaffold.own_files import own_files
from functions.scaffold.shared_files import edits
from functions.scaffold.spec import Spec
from functions.scaffold.staging import contracts, staged


def plan_of(root: Path, spec: Spec) -> Plan:
    """A new function. Raises Refused when a file of its own is there already, or a shared one has no place for it."""
    own = own_files(spec)
    if there := [path for path in own if (root / path).exists()]:
        raise Refused(f"{', '.join(there)}: there already, and nothing is overwritten")
    files = dict(own)
    for edit in edits(spec):
        with in_file(edit.path):
            files[edit.path] = edit.put((root / edit.path).read_text(), spec)
    with staged(root, files) as stage:
        made = {path: (stage / path).read_text() for path in files}
        wanted = {spec.name, *(topic.type_name for topic in spec.made)}
        made |= {path: text for path, text in contracts(stage).items() if Path(path).stem in wanted}
    return {path: text for path, text in made.items() if text != read(root, path)}


@contextmanager
def in_file(path: str) -> Iterator[None]:
    """What is refused says where."""
    try:
        yield
    except Refused as error:
        raise Refused(f"{path}: {error}") from error


def read(root: Path, path: str) -> str | None:
    return (root / path).read_text() if (root / path).exists() else None


def diff(root: Path, plan: Plan) -> Iterator[str]:
    """As `git diff` shows it, and `git apply` takes it."""
    for path, text in sorted(plan.items()):
        old = read(root, path)
        yield f"diff --git a/{path} b/{path}\n"
        if old is None:
            yield "new file mode 100644\n"
        if text is None:
            yield "deleted file mode 100644\n"
        yield from difflib.unified_diff(
            (old or "").splitlines(keepends=True),
            (text or "").splitlines(keepends=True),
            "/dev/null" if old is None else f"a/{path}",
            "/dev/null" if text is None else f"b/{path}",
        )
