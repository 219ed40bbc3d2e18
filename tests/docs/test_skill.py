"""The skill for coding assistants: in the open form (agentskills.io, specification), and its commands work."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.backends import ROOT
from tests.support.project_copy import LEARNFLOW, ProjectCopy

SKILLS = sorted((ROOT / "skills").glob("*/SKILL.md"))
# Needs a cluster, or serves; what it says depends on the machine; is a step of .ci/run by itself.
ELSEWHERE = ("skaffold ", "uv run learnflow dev", "uv run learnflow doctor", "uv run ruff ", "uv run mypy")


def parts(skill: Path) -> tuple[dict[str, str], str]:
    """The front matter, and the text."""
    _, front, text = skill.read_text().split("---\n", 2)
    return yaml.safe_load(front), text


def commands() -> list[str]:
    blocks = [block for skill in SKILLS for block in re.findall(r"```bash\n(.*?)```", parts(skill)[1], re.DOTALL)]
    return [command for block in blocks for line in block.splitlines() for command in line.split(" && ")]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_says_what_it_is_for_in_the_open_form(skill: Path) -> None:
    front, text = parts(skill)
    assert set(front) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert front["name"] == skill.parent.name and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", front["name"])
    assert len(front["name"]) <= 64 and 0 < len(front["description"]) <= 1024
    assert len(front.get("compatibility", "")) <= 500
    assert len(text.splitlines()) <= 100


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_what_a_skill_names_is_there(skill: Path) -> None:
    text = parts(skill)[1]
    for path in re.findall(r"`((?:docs|examples|functions|tests)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
    words = {word for path in (ROOT / "functions").rglob("*.py") for word in re.findall(r"\w+", path.read_text())}
    for name in re.findall(r"`(\w+)(?:\(.*?\))?`", text):
        assert name in words or name == "verb_noun", name


@pytest.mark.parametrize("command", sorted({c for c in commands() if c.startswith("uv run learnflow ")}))
def test_a_command_of_ours_is_one_with_these_options(command: str) -> None:
    _, _, _, name, *given = shlex.split(command)
    program = [sys.executable, "-c", LEARNFLOW, name, "--help"]
    asked = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    for option in given:
        assert not option.startswith("--") or option in asked.stdout, option


def test_its_commands_work_in_a_copy_of_the_project(tmp_path: Path) -> None:
    project = ProjectCopy(tmp_path)
    for command in commands():
        if not command.startswith(ELSEWHERE):
            project.bash(command.replace("uv run pytest", "uv run pytest -q --collect-only"))
    assert project.changed() == ""
