"""The one system that the faults share, and the table that is shown at the end."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.faults import Table
from tests.faults.system import System
from tests.faults.system import system as started

_table = Table()
_seed = int(os.environ.get("LEARNFLOW_FAULTS_SEED", "0")) or int.from_bytes(os.urandom(3))


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with started(tmp_path_factory.mktemp("faults"), _seed) as found:
        yield found


@pytest.fixture(scope="session")
def table() -> Table:
    return _table


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether there is time for many more faults, and longer ones."""
    return bool(pytestconfig.getoption("--faults") == "long")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _table.lines:
        terminalreporter.section(f"faults (LEARNFLOW_FAULTS_SEED={_seed})")
        terminalreporter.write_line(_table.text())
