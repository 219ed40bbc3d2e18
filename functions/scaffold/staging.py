"""A change beside a copy of the code: laid out by the project's own formatter, and asked for its contracts."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from functions.refused import Refused

CODE = ("functions", "pyproject.toml", "README.md")  # README: pyproject.toml names it
LAYOUT = (
    ("check", "--select", "I,F401,F541", "--fix"),
    ("format",),
    ("check", "--select", "ARG001", "--add-noqa"),
)
ASK = """
import json, sys
from functions.contracts import documents, text_of
json.dump({path: text_of(document) for path, document in documents().items()}, sys.stdout)
"""


@contextmanager
def staged(root: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """A folder with the code of `root` and these files, the Python among them laid out."""
    with tempfile.TemporaryDirectory(prefix="learnflow-") as made:
        stage = Path(made)
        for name in CODE:
            copy = shutil.copytree if (root / name).is_dir() else shutil.copy2
            copy(root / name, stage / name)
        for path, text in files.items():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).write_text(text)
        modules = [path for path in files if path.endswith(".py")]
        for step, *options in LAYOUT:  # without ruff it is right too, only not pretty
            _run(stage, sys.executable, "-m", "ruff", step, "--no-cache", "--quiet", *options, *modules)
        yield stage


def contracts(stage: Path) -> dict[str, str]:
    """What docs/contracts has to hold, by path."""
    done = _run(stage, sys.executable, "-c", ASK)
    if done.returncode:
        raise Refused(f"what was made does not work; please report it:\n{done.stderr}")
    told: dict[str, str] = json.loads(done.stdout)
    return {f"docs/contracts/{path}": text for path, text in told.items()}


def _run(stage: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    env = os.environ | {"PYTHONPATH": str(stage), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=stage, env=env, capture_output=True, text=True)
