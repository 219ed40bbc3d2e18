"""A tab on the page of the embedded run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.backends import Backend
from tests.support.browser import Visit, chromium, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# of a module, not of the session: while playwright is open its event loop is this thread's, and no other can run
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, one_process: Backend) -> Iterator[Visit]:
    with visiting(browser, one_process) as made:
        yield made
