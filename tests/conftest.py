"""Fixtures that all tests share, and the rule for tests that need a real stack, cluster, browser or Node.js.

Without it they are deselected, and a line says so; with `REQUIRE=stack,cluster,browser,node` in the environment its
absence is an error.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.backends import Backend, Learnflow, embedded
from tests.support.cluster import ClusterBackend, deployed
from tests.support.dapr_run import dapr_run
from tests.support.faults import TABLE
from tests.support.presence import MISSING

_deselected: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "how many faults, and how long: short (part of CI), or long (about twenty minutes)"
    parser.addoption("--faults", choices=("short", "long"), default="short", help=told)


def pytest_configure() -> None:
    # in the background of a script SIGINT is ignored, and would be by everything that the tests start and interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    required = [name for name in os.environ.get("REQUIRE", "").split(",") if name]
    required += ["own_stack"] if "stack" in required else []
    for marker, missing in MISSING.items():
        marked = [item for item in items if _needed(item) == marker]
        why = missing() if marked else None
        if why is None:
            continue
        if marker in required:
            raise pytest.UsageError(f"REQUIRE={marker}, but {why}")
        _deselected.append(f"deselected {len(marked)} tests marked {marker}: {why}")
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if item not in marked]


def _needed(item: pytest.Item) -> str | None:
    """What the test needs; `own_stack` are tests of the stack that need only its programs."""
    return next((name for name in ("own_stack", *MISSING) if item.get_closest_marker(name)), None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _deselected:
        terminalreporter.write_line(line)
    if TABLE.lines:
        terminalreporter.section("faults")
        terminalreporter.write_line(TABLE.text())


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Every function of `dapr.yaml` as a process with its daprd, over real Kafka and PostgreSQL."""
    with dapr_run(tmp_path_factory.mktemp("dapr")) as backend:
        yield backend


@pytest.fixture(scope="session")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Every function in one process over SQLite: what `learnflow` serves."""
    with embedded(tmp_path_factory.mktemp("embedded")) as backend:
        yield backend


@pytest.fixture(scope="session")
def cluster() -> Iterator[ClusterBackend]:
    """Every function deployed on the test cluster."""
    with deployed() as backend:
        yield backend


@pytest.fixture
def learnflow(tmp_path: Path) -> Iterator[Learnflow]:
    """`learnflow` as a process of its own, with state of its own."""
    server = Learnflow(tmp_path)
    server.start()
    yield server
    server.stop()


ON_STACK = pytest.param("stack", marks=pytest.mark.stack)
ON_CLUSTER = pytest.param("cluster", marks=pytest.mark.cluster)


@pytest.fixture(params=["embedded", ON_STACK])
def backend(request: pytest.FixtureRequest) -> Backend:
    """The whole system, once in one process and once on the real stack: the same test runs on both."""
    return _backend(request)


@pytest.fixture(params=["embedded", ON_STACK, ON_CLUSTER])
def everywhere(request: pytest.FixtureRequest) -> Backend:
    """The same, and on Kubernetes too."""
    return _backend(request)


def _backend(request: pytest.FixtureRequest) -> Backend:
    fixtures = {"embedded": "one_process", "stack": "processes", "cluster": "cluster"}
    found: Backend = request.getfixturevalue(fixtures[request.param])
    return found
