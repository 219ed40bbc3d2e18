"""Other people's HTTP APIs, asked directly: for the embedded run, which has no sidecar that would.

One try, and no circuit breaker: an API that does not answer costs each caller its `seconds`. What an API answers is
bounded and looked at in the same way on both.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic_core import from_json

from functions.runtime.errors import Unavailable
from functions.runtime.ports import Api, Json
from functions.runtime.telemetry import log

if TYPE_CHECKING:
    import aiohttp

LARGEST = 1 << 20  # bytes; the component's `maxResponseBodySize` says the same


def object_of(api: Api, body: bytes) -> Json:
    """The JSON object that an API answered. Raises Unavailable when it is none, which is the API's mistake."""
    try:
        found = from_json(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        log.warning("an API answered what is no JSON object", extra={"api": api.name})
        raise _no_answer(api, "no JSON object")
    return found


class LocalApis:
    """A connection for each request, which nothing has to close."""

    async def get(self, api: Api, path: str, query: Mapping[str, str]) -> Json:
        import aiohttp  # a quarter of a second that only who asks an API pays

        timeout = aiohttp.ClientTimeout(total=api.seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(f"{api.url.rstrip('/')}/{path.lstrip('/')}", params=query) as answer,
            ):
                if not answer.ok:
                    raise _no_answer(api, str(answer.status))
                return object_of(api, await _bounded(api, answer))
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("an API did not answer", extra={"api": api.name, "code": type(error).__name__})
            raise _no_answer(api, type(error).__name__) from None


async def _bounded(api: Api, answer: "aiohttp.ClientResponse") -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LARGEST:
            raise _no_answer(api, "more than 1 MiB")
    return bytes(body)


def _no_answer(api: Api, why: str) -> Unavailable:
    return Unavailable(f"The API {api.name} did not answer ({why}).")
