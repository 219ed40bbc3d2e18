from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.fakes import World, logging_restored, new_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with new_world() as made:
        yield made


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    with logging_restored():
        yield
