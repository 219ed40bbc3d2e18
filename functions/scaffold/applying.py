"""Makes a change of many files true as one: all of them, or none, whenever it is interrupted.

Before the first file is touched, everything new, everything old and a journal of what is to be done lie in a folder of
their own. What raises is undone at once; after a kill the next `learnflow new` or `remove` does it by the journal.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from functions.refused import Refused

UNDO = ".learnflow-undo"
Plan = Mapping[str, str | None]  # what each path is to hold; None: nothing is to be there
Move = Callable[[Path, Path], None]


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One change at a time; whatever a killed one left is undone first. Raises Refused while another is under way."""
    held = os.open(root / "functions", os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another `learnflow new` or `remove` is at work here") from None
        undo(root)
        yield
    finally:
        os.close(held)


def apply(root: Path, plan: Plan, move: Move = os.replace) -> None:
    """Raises what a write raises, and has then changed nothing. `move` puts one file into another's place."""
    place = root / UNDO
    try:
        _prepare(root, place, plan)
        for number, (path, text) in enumerate(_in_order(plan)):
            target = root / path
            if text is None:
                move(target, place / "gone" / str(number))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                move(place / "new" / str(number), target)
        move(place / "journal.json", place / "done.json")
    except BaseException:
        undo(root)
        raise
    shutil.rmtree(place)
    _prune(root, plan)


def undo(root: Path) -> None:
    """Puts back what an unfinished change had moved; does nothing where there is none. Can itself be repeated."""
    place = root / UNDO
    journal = place / "journal.json"
    if journal.exists():
        found = json.loads(journal.read_text())
        for number, path in enumerate(found["paths"]):
            old = place / "old" / str(number)
            if old.exists():
                shutil.copy2(old, root / path)
            else:
                (root / path).unlink(missing_ok=True)
        for folder in reversed(found["folders"]):
            if (root / folder).is_dir():
                shutil.rmtree(root / folder)  # made by the change; what is in it now is Python's cache
    if place.exists():
        # the journal goes first: without it, what is left here means nothing
        journal.unlink(missing_ok=True)
        shutil.rmtree(place)


def _prepare(root: Path, place: Path, plan: Plan) -> None:
    for kind in ("new", "old", "gone"):
        (place / kind).mkdir(parents=True)
    for number, (path, text) in enumerate(_in_order(plan)):
        target = root / path
        if target.exists():
            shutil.copy2(target, place / "old" / str(number))
        if text is not None:
            new = place / "new" / str(number)
            new.write_text(text)
            if target.exists():
                shutil.copymode(target, new)
    folders = {parent for path in plan for parent in Path(path).parents if not (root / parent).exists()}
    journal = {"paths": [path for path, _ in _in_order(plan)], "folders": sorted(map(str, folders))}
    (place / "journal.tmp").write_text(json.dumps(journal))
    os.replace(place / "journal.tmp", place / "journal.json")


def _in_order(plan: Plan) -> list[tuple[str, str | None]]:
    """A function is there when its main.py is: it comes last, and goes first."""
    return sorted(plan.items(), key=lambda each: (each[0].endswith("/main.py") == (each[1] is not None), each[0]))


def _prune(root: Path, plan: Plan) -> None:
    """Folders in which nothing is left but Python's cache."""
    for path, text in plan.items():
        folder = (root / path).parent
        if text is None and folder.is_dir() and {each.name for each in folder.iterdir()} <= {"__pycache__"}:
            shutil.rmtree(folder)
