"""The one system that the faults share."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.system import System
from tests.faults.system import system as started

_seeds: list[int] = []  # the one that was used, if one was


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    _seeds.append(int(os.environ.get("LEARNFLOW_FAULTS_SEED", "0")) or int.from_bytes(os.urandom(3)))
    with started(tmp_path_factory.mktemp("faults"), _seeds[0]) as found:
        yield found


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether there is time for many more faults, and longer ones."""
    return bool(pytestconfig.getoption("--faults") == "long")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for seed in _seeds:
        terminalreporter.write_line(f"LEARNFLOW_FAULTS_SEED={seed}")
