"""A change of many files is made whole or not at all, whatever stops it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions.refused import Refused
from functions.scaffold.applying import UNDO, Plan, alone, apply

BEFORE = {"functions/__init__.py": "", "functions/a/main.py": "a\n", "README.md": "read me\n", "gone.py": "gone\n"}
PLAN: Plan = {
    "README.md": "read me too\n",
    "functions/b/__init__.py": "",
    "functions/b/main.py": "b\n",
    "tests/deep/er/test_b.py": "test\n",
    "gone.py": None,
}
AFTER = {path: text for path, text in (BEFORE | dict(PLAN)).items() if text is not None}
MOVES = range(1, len(PLAN) + 2)  # the last is the journal's
KILLED = """
import os, signal, sys
from pathlib import Path
from functions.scaffold.applying import apply
from tests.unit.scaffold.test_applying import PLAN

def move(source, target, left=[int(sys.argv[2])]):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    os.replace(source, target)

apply(Path(sys.argv[1]), PLAN, move)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, text in BEFORE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def held(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def folders(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_dir()}


def test_a_change_is_made_whole(project: Path) -> None:
    apply(project, PLAN)
    assert held(project) == AFTER


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("number", MOVES)
def test_a_change_that_fails_at_any_write_changes_nothing(project: Path, number: int, error: BaseException) -> None:
    before, left = folders(project), [number]

    def move(source: Path, target: Path) -> None:
        left[0] -= 1
        if not left[0]:
            raise error
        os.replace(source, target)

    with pytest.raises(type(error)):
        apply(project, PLAN, move)
    assert (held(project), folders(project)) == (BEFORE, before)


@pytest.mark.parametrize("number", MOVES)
def test_a_change_that_is_killed_at_any_write_is_undone_by_the_next(project: Path, number: int) -> None:
    before = folders(project)
    killed = subprocess.run([sys.executable, "-c", KILLED, project, str(number)])
    assert killed.returncode == -9 and (project / UNDO).exists()
    (project / "functions" / "__pycache__").mkdir()  # Python was there meanwhile
    if (project / "functions" / "b").exists():
        (project / "functions" / "b" / "__pycache__").mkdir()
    with alone(project):
        assert held(project) == BEFORE
        assert folders(project) == before | {"functions/__pycache__"}
        apply(project, PLAN)
    assert held(project) == AFTER


def test_a_killed_preparation_leaves_nothing(project: Path) -> None:
    (project / UNDO / "new").mkdir(parents=True)
    (project / UNDO / "new" / "0").write_text("half")
    with alone(project):
        assert held(project) == BEFORE


def test_a_folder_that_is_emptied_goes_with_its_cache(project: Path) -> None:
    (project / "functions/a/__pycache__").mkdir()
    (project / "functions/a/__pycache__/main.pyc").write_text("")
    apply(project, {"functions/a/main.py": None})
    assert "functions/a" not in folders(project) and "functions" in folders(project)


def test_one_change_at_a_time(project: Path) -> None:
    with alone(project), pytest.raises(Refused, match="another `learnflow new`"), alone(project):
        pass
