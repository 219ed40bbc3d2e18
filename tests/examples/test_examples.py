"""Each example, begun by its command and laid over what that wrote, in a copy of the project: as good as the rest."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.docs.test_readme import blocks, run_all
from tests.support.api_server import ApiServer, api_server
from tests.support.backends import ROOT, Learnflow
from tests.support.project_copy import ProjectCopy

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/begin.sh"))
NAMES = [example.name for example in EXAMPLES]
STACK_EXCHANGE = "https://api.stackexchange.com/2.3"
QUESTION = {
    "title": "Does &quot;list index out of range&quot; mean that the list is too short?",
    "link": "https://stackoverflow.com/questions/1/x",
    "score": 12,
    "answer_count": 3,
}


def lay(copy: ProjectCopy, example: Path) -> None:
    copy.bash((example / "begin.sh").read_text())
    for part in ("functions", "tests", "components", "knative"):
        if (example / part).is_dir():
            copytree(example / part, copy.root / part, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """With all of the examples at once: they have to get on with each other, too."""
    copy = ProjectCopy(tmp_path_factory.mktemp("project"))
    for example in EXAMPLES:
        lay(copy, example)
    copy.bash("uv run learnflow contracts")
    if (ROOT / ".mypy_cache").is_dir():
        copytree(ROOT / ".mypy_cache", copy.root / ".mypy_cache")  # what is not the examples' was looked at before
    return copy


def files(project: ProjectCopy) -> str:
    """The examples' own Python, as arguments."""
    found = [path.relative_to(example) for example in EXAMPLES for path in example.rglob("*.py")]
    assert all((project.root / path).is_file() for path in found)
    return " ".join(map(str, found))


def own_tests(project: ProjectCopy, kind: str) -> str:
    return " ".join(path for path in files(project).split() if path.startswith(f"tests/{kind}"))


def test_the_table_has_each_example(project: ProjectCopy) -> None:  # noqa: ARG001
    text = (ROOT / "examples/README.md").read_text()
    assert [name for name in NAMES if f"[`{name}`]({name})" in text] == NAMES


def test_what_is_laid_is_clean_and_typed(project: ProjectCopy) -> None:
    project.bash("uv run ruff check && uv run ruff format --check")
    project.bash(f"uv run mypy {files(project)}")


def test_their_own_tests_and_those_of_every_function_pass(project: ProjectCopy) -> None:
    project.bash("uv run learnflow contracts --check")
    own = f"{own_tests(project, 'unit')} {own_tests(project, 'contract')}"
    every = "tests/manifests/test_names.py tests/manifests/test_own_dependencies.py tests/contract/test_access.py"
    chosen = "not access or ratings or calendar or answers"  # of who may do what, the rows that are new
    project.bash(f"uv run pytest -q -m 'not stack and not cluster' -k '{chosen}' {own} {every}")


@pytest.fixture
def third_party(project: ProjectCopy) -> Iterator[ApiServer]:
    handler = project.root / "functions/find_answers/handler.py"
    text = handler.read_text()
    assert STACK_EXCHANGE in text
    with api_server() as server:
        server.body = {"items": [QUESTION]}
        handler.write_text(text.replace(STACK_EXCHANGE, server.url))
        yield server
        handler.write_text(text)


@pytest.mark.usefixtures("third_party")
def test_each_answers_embedded_what_is_shown(project: ProjectCopy, tmp_path: Path) -> None:
    found = [block for block in blocks(ROOT / "examples/README.md") if block.mark == "embedded"]
    server = Learnflow(tmp_path, PYTHONPATH=str(project.root))
    server.start()
    try:
        run_all(found, tmp_path, {"127.0.0.1:8080": f"127.0.0.1:{server.port}"})
    finally:
        server.stop()


@pytest.mark.stack
def test_an_event_handler_and_a_caller_of_others_work_behind_daprd(project: ProjectCopy) -> None:
    project.bash(f"REQUIRE=stack uv run pytest -q {own_tests(project, 'stack')}")
