"""Events are read while the work goes on, and the work ends when nobody reads any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from functions.runtime.errors import Unavailable
from functions.runtime.streaming import Emit, streamed


async def read(events: AsyncIterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [event async for event in events]


async def test_events_arrive_while_the_work_goes_on() -> None:
    seen = asyncio.Event()

    async def work(emit: Emit) -> None:
        emit("section", "1")
        await seen.wait()
        emit("lesson", "2")

    events = streamed(work)
    assert await anext(events) == ("section", "1")
    seen.set()
    assert await read(events) == [("lesson", "2")]


async def test_what_the_work_raises_comes_after_what_it_had_ready() -> None:
    async def work(emit: Emit) -> None:
        emit("section", "1")
        raise Unavailable("The state store did not answer.")

    events = streamed(work)
    assert await anext(events) == ("section", "1")
    with pytest.raises(Unavailable):
        await anext(events)


async def test_nothing_is_begun_that_nobody_reads() -> None:
    begun = []

    async def work(_emit: Emit) -> None:
        begun.append(True)

    async with aclosing(streamed(work)):  # type: ignore[type-var]
        pass
    assert begun == []


async def test_work_that_nobody_reads_any_more_is_cancelled_and_may_clean_up() -> None:
    cleaned = []

    async def work(emit: Emit) -> None:
        emit("section", "1")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # a second cancellation would end this
            cleaned.append(True)

    async with aclosing(streamed(work)) as events:  # type: ignore[type-var]
        await anext(events)
    assert cleaned == [True]


async def test_a_reader_that_is_cancelled_over_and_over_cancels_the_work_once() -> None:
    cleaned = asyncio.Event()

    async def work(_emit: Emit) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            cleaned.set()

    reader = asyncio.create_task(read(streamed(work)))
    await asyncio.sleep(0)
    while not reader.done():
        reader.cancel()
        await asyncio.sleep(0)
    await cleaned.wait()
