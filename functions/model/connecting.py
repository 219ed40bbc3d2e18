"""The model that the settings name, for as long as the function runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from functions.runtime.ports import Model
from functions.runtime.settings import ModelSettings

if TYPE_CHECKING:  # with gRPC, which the embedded run has no use for
    from functions.runtime.sidecar import Sidecar


@asynccontextmanager
async def connected(settings: ModelSettings, sidecar: "Sidecar | None") -> AsyncIterator[Model]:
    """Connects to nothing yet: a function starts without its model. `sidecar` is what `dapr` needs."""
    if settings.kind == "dapr":
        from functions.model.conversation import Conversation

        assert sidecar is not None
        yield Model(Conversation(sidecar, settings.component, settings.deadline), settings)
        return
    import aiohttp  # a quarter of a second that only this needs

    from functions.model.openai import CONNECT_SECONDS, ChatCompletions

    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS)  # the lesson's deadline ends the rest
    # no cookies, no proxy of the environment, no key in a redirect
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Model(ChatCompletions(session, settings), settings)
