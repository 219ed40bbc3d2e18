"""Prints the table of faults when all is over."""

import pytest

from tests.support import fault_table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in fault_table.lines():
        terminalreporter.write_line(line)
