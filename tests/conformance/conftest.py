from collections.abc import AsyncIterator

import pytest

from tests.support.fakes import World, logging_restored, new_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with logging_restored():
        async with new_world() as made:
            yield made
