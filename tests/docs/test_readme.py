"""What README.md and docs/ show is true: commands are run, their output is compared, code is looked up in its file.

A fenced `bash` block has a comment before it that says how it is tested (MARKS); a `json` or `console` block behind it
is what it answers. An ellipsis stands for what is left out; ids and times may differ.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.backends import ROOT, Learnflow, environment, eventually, free_port, new_learner, wait_for_http
from tests.support.dapr_run import StackBackend
from tests.support.project_copy import ProjectCopy

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKS = {
    "embedded",  # run, in the document's order and in one shell, against a `learnflow` that has just started
    "started",  # run, with a port and a directory of the test's, until it answers
    "run",  # run as it is
    "copy",  # run, in the document's order and in one shell, in a copy of the project
    "collected",  # a pytest command: has to find tests, does not run them again
    "stack",  # run against the processes of dapr.yaml
    "without sidecar",  # run against update-progress by itself
    "elsewhere",  # followed by the file that runs it
    "not run here",  # only read by the shell
}
COMMENT = re.compile(r"<!-- (test|file): (.+?) -->|<!-- (not run here) -->")
VOLATILE = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|\+00:00)",
)
UV = {"UV_NO_SYNC": "1", "UV_OFFLINE": "1"}


@dataclass(frozen=True)
class Block:
    """A fenced block; `output` are the blocks of output that follow it at once."""

    where: str
    language: str
    text: str
    mark: str
    output: tuple["Block", ...] = ()

    def __str__(self) -> str:
        return self.where


def blocks(document: Path) -> list[Block]:
    found: list[Block] = []
    mark, start, lines = "", 0, document.read_text().splitlines()
    prose = True  # since the last block
    for number, line in enumerate(lines):
        if line.startswith("```") and not start:
            start = number + 1
        elif line == "```":
            where = f"{document.relative_to(ROOT)}:{start}"
            block = Block(where, lines[start - 1][3:], "\n".join(lines[start:number]), mark)
            if block.language in ("json", "console") and not prose:
                last = found.pop()
                block = Block(last.where, last.language, last.text, last.mark, (*last.output, block))
            found.append(block)
            mark, start, prose = "", 0, False
        elif not start and line:
            comment = COMMENT.fullmatch(line)
            mark, prose = (comment[2] or comment[3] if comment else ""), True
    return found


ALL = [block for document in DOCUMENTS for block in blocks(document)]
COMMANDS = [block for block in ALL if block.language == "bash"]


def marked(mark: str, document: Path | None = None) -> list[Block]:
    where = str(document.relative_to(ROOT)) if document else ""
    return [b for b in COMMANDS if b.mark.split(" tests/")[0] == mark and b.where.startswith(where)]


def documents_with(mark: str) -> list[Path]:
    return [document for document in DOCUMENTS if marked(mark, document)]


def name(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


def bash(script: str, folder: Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    command = ["bash", "-c", f"set -euo pipefail\n{script}"]
    return subprocess.run(command, cwd=folder, env=environment(**(UV | changes)), capture_output=True, text=True)


def run_all(found: list[Block], folder: Path, replaced: dict[str, str], first: str = "", **changes: str) -> None:
    """The blocks in one shell, one after the other and after `first`, each output compared with what is shown."""
    script = "\n".join(f"echo\necho '@@@ {number}'\n{block.text}" for number, block in enumerate(found))
    for shown, real in replaced.items():
        script = script.replace(shown, real)
    done = bash(first + script, folder, **changes)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout
    for shown, real in replaced.items():
        printed = printed.replace(real, shown)
    outputs = re.split(r"^@@@ \d+\n", printed, flags=re.MULTILINE)[1:]
    assert len(outputs) == len(found), done.stdout
    for block, output in zip(found, outputs, strict=True):
        for expected in block.output:
            compare(expected, output)


def compare(shown: Block, output: str) -> None:
    if shown.language == "json":
        real = json.loads(output)
        assert contains(real, shortened(shown.text)), f"{shown}:\n{json.dumps(real, indent=2)}"
        return
    assert has_lines(output, shown.text), f"{shown}: not, in this order, in\n{output}"


def has_lines(real: str, shown: str) -> bool:
    rest = iter(real.splitlines())
    return all(any(alike(line.rstrip(), one.rstrip()) for line in rest) for one in filter(None, shown.splitlines()))


def shortened(text: str) -> Any:
    """JSON in which a line of its own with an ellipsis stands for members that are not shown."""
    kept = "\n".join(line for line in text.splitlines() if line.strip() != "…")
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", kept))


def contains(real: Any, shown: Any) -> bool:
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(k in real and contains(real[k], v) for k, v in shown.items())
    if isinstance(shown, list):
        rest: Iterator[Any] = iter(real if isinstance(real, list) else ())
        return all(any(contains(item, one) for item in rest) for one in shown)
    return alike(real, shown) if isinstance(shown, str) and isinstance(real, str) else bool(real == shown)


def alike(real: str, shown: str) -> bool:
    pattern = ".*".join(map(re.escape, steady(shown).split("…")))
    return re.fullmatch(pattern, steady(real), re.DOTALL) is not None


def steady(text: str) -> str:
    """Without what differs from run to run."""
    for pattern in VOLATILE:
        text = re.sub(pattern, "(differs)", text)
    return text


@contextmanager
def running(command: list[str], log: Path, **changes: str) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(**UV, **changes), stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(15)


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_a_command_says_how_it_is_tested_and_is_valid_shell(block: Block) -> None:
    mark, _, path = block.mark.partition(" ") if block.mark.startswith("elsewhere ") else (block.mark, "", "")
    assert mark in MARKS, f"{block}: {block.mark!r}"
    assert not path or (ROOT / path).exists(), f"{block}: there is no {path}"
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)


@pytest.mark.parametrize("document", documents_with("embedded"), ids=name)
def test_calls_answer_what_is_shown(document: Path, tmp_path: Path) -> None:
    server = Learnflow(tmp_path)
    server.start()
    try:
        command = Path(sys.executable).with_name("learnflow")
        real = {
            "127.0.0.1:8080": f"127.0.0.1:{server.port}",
            "uv run learnflow": "learnflow_here",
        }
        here = f'learnflow_here() {{ {command} "$@" --data {tmp_path}; }}\n'
        run_all(marked("embedded", document), tmp_path, real, here)
    finally:
        server.stop()


@pytest.mark.parametrize("document", documents_with("copy"), ids=name)
def test_commands_do_to_a_copy_of_the_project_what_is_shown(document: Path, tmp_path: Path) -> None:
    project = ProjectCopy(tmp_path)
    ends = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"  # what a failure leaves running
    run_all(marked("copy", document), tmp_path, {"8080": str(free_port())}, ends, **project.env)


@pytest.mark.stack
@pytest.mark.parametrize("document", documents_with("stack"), ids=name)
def test_calls_answer_what_is_shown_behind_daprd(document: Path, tmp_path: Path, processes: StackBackend) -> None:
    assert processes.name == "stack"
    run_all(marked("stack", document), tmp_path, {"lena": new_learner("lena")})


@pytest.mark.parametrize("document", documents_with("without sidecar"), ids=name)
def test_calls_answer_what_is_shown_without_a_sidecar(document: Path, tmp_path: Path) -> None:
    port, nobody = str(free_port()), str(free_port())
    command = [sys.executable, "-m", "uvicorn", "functions.update_progress.main:app", "--port", port]
    settings = {"AUTH": "off", "DAPR_GRPC_PORT": nobody, "DAPR_HTTP_PORT": nobody}
    with running(command, tmp_path / "log", **settings) as process:
        wait_for_http(f"http://127.0.0.1:{port}/health/live", process)
        run_all(marked("without sidecar", document), tmp_path, {"127.0.0.1:8080": f"127.0.0.1:{port}"})


@pytest.mark.parametrize("block", marked("started"), ids=str)
def test_a_command_that_serves_starts_as_shown(block: Block, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    command = ["bash", "-c", f"exec {block.text} --port {port} --data {tmp_path}/learnflow-data"]
    with running(command, log, PYTHONUNBUFFERED="1") as process:
        wait_for_http(f"http://127.0.0.1:{port}/health/ready", process)
        for shown in block.output:
            eventually(lambda text=shown.text: has_lines(log.read_text().replace(str(port), "8080"), text))  # type: ignore[misc]


@pytest.mark.parametrize("block", marked("run"), ids=str)
def test_a_command_succeeds_as_shown(block: Block) -> None:
    done = bash(block.text, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in block.output:
        compare(shown, done.stdout)


@pytest.mark.parametrize(
    "command", [line.partition(" #")[0].strip() for block in marked("collected") for line in block.text.splitlines()]
)
def test_a_test_command_finds_tests(command: str) -> None:
    few = "" if " tests/" in command else "tests/contract/test_ports.py"  # all of them would take a while
    done = bash(f"{command} --collect-only -q {few}", ROOT, PYTEST_ADDOPTS="-p no:cacheprovider")
    refused = "REQUIRE=" in done.stderr and "REQUIRE=" in command  # what it is for, where there is no stack
    nothing_left = done.returncode == 5 and "deselected" in done.stdout
    assert done.returncode == 0 or refused or nothing_left, done.stdout + done.stderr


@pytest.mark.parametrize("block", [b for b in ALL if b.language in ("python", "toml", "yaml") and b.mark], ids=str)
def test_code_is_shown_as_it_is_in_its_file(block: Block) -> None:
    whole = (ROOT / block.mark).read_text()
    for piece in re.split(r"^ *# …\n", block.text, flags=re.MULTILINE):
        assert piece.strip("\n") in whole, f"{block}: not in {block.mark}:\n{piece}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_files_links_and_tests_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (document.parent / target).exists(), target
    for path, test in re.findall(r"`(tests/[\w./-]+)(?:::(\w+))?`", text):
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(), test


def test_every_function_is_in_the_table() -> None:
    there = {main.parent.name for main in (ROOT / "functions").glob("*/main.py")}
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert sorted(named) == sorted(there)
