"""Server-sent events from work that goes on while they are read: who stops reading stops the work.

The work has a task of its own. When a client goes away the server cancels the reader again and again until it is gone;
the work is cancelled once, so that what it has to clean up (a child process, a reservation) is cleaned up.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Event = tuple[str, str]  # its name and its data
Emit = Callable[[str, str], None]
_running: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks only weakly


async def streamed(work: Callable[[Emit], Awaitable[None]]) -> AsyncIterator[Event]:
    """The events that `work` emits, as it does; raises what it raises. Nothing is begun before the first is asked for.

    To be closed by whoever reads it (`contextlib.aclosing`).
    """
    ready: asyncio.Queue[Event | None] = asyncio.Queue()

    async def worked() -> None:
        try:
            await work(lambda name, data: ready.put_nowait((name, data)))
        finally:
            ready.put_nowait(None)

    task = asyncio.create_task(worked())
    _running.add(task)
    task.add_done_callback(_ended)
    try:
        while event := await ready.get():
            yield event
        await task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # of the work; it was raised above, or nobody asks
            await asyncio.shield(task)


def _ended(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not log it
