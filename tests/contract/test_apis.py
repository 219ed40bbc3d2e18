"""Other people's APIs, asked directly and by a real daprd: alike for the handler, and what only daprd does besides.

The component and its resiliency are those of an example; only the address and how long the breaker stays open are the
test's.
"""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.runtime.apis import LARGEST, LocalApis
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Api, Apis
from functions.runtime.settings import Settings
from functions.runtime.sidecar import Sidecar, SidecarApis
from tests.support.api_server import ApiServer, api_server
from tests.support.backends import ROOT, free_port
from tests.support.dapr_run import lone_daprd

COMPONENTS = ROOT / "examples/find_answers/components"
NAME, URL = "stackexchange", "https://api.stackexchange.com/2.3"
QUERY = {"q": 'can only concatenate str (not "int") & more', "site": "stackoverflow"}
NO_ANSWERS = {"html": b"<html>", "list": b"[]", "nothing": b"", "large": b'{"": "%s"}' % (b"x" * LARGEST)}
TRIES, TRIPS = 3, 5  # of one call, and failures until the breaker opens: resiliency-stackexchange.yaml


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        yield running


@pytest.fixture
async def daprd(server: ApiServer, tmp_path: Path) -> AsyncIterator[Apis]:
    for file in COMPONENTS.glob("*.yaml"):
        text = file.read_text().replace(URL, server.url).replace("timeout: 10s", "timeout: 500ms")
        (tmp_path / file.name).write_text(text)
    with lone_daprd("find-answers", tmp_path) as ports:
        sidecar = Sidecar(Settings(dapr_grpc_port=ports["grpc"], dapr_api_token="not-for-others"))
        yield SidecarApis(sidecar)
        await sidecar.close()


@pytest.fixture(params=["directly", pytest.param("daprd", marks=pytest.mark.stack)])
def apis(request: pytest.FixtureRequest) -> Apis:
    if request.param == "directly":
        return LocalApis()
    found: Apis = request.getfixturevalue("daprd")
    return found


@pytest.fixture
def api(server: ApiServer) -> Api:
    return Api(NAME, server.url)


async def test_what_an_api_answers_is_given_to_the_handler(apis: Apis, api: Api, server: ApiServer) -> None:
    server.body = {"items": [{"title": "Grüße, 世界"}]}
    assert await apis.get(api, "/search", QUERY) == server.body
    [asked] = map(urlsplit, server.asked)
    assert (asked.path, dict(parse_qsl(asked.query))) == ("/search", QUERY)


async def test_an_api_is_told_nothing_of_who_asks(apis: Apis, api: Api, server: ApiServer) -> None:
    await apis.get(api, "/search", {})
    [headers] = server.headers
    assert set(headers) <= {"host", "user-agent", "accept", "accept-encoding", "traceparent", "tracestate"}
    assert "not-for-others" not in str(headers)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_an_answer_that_is_no_2xx_is_none(apis: Apis, api: Api, server: ApiServer, status: int) -> None:
    server.statuses = [status] * TRIES
    with pytest.raises(Unavailable):
        await apis.get(api, "/search", {})


@pytest.mark.parametrize("kind", NO_ANSWERS)
async def test_what_is_no_json_object_or_too_large_is_no_answer(
    apis: Apis, api: Api, server: ApiServer, kind: str
) -> None:
    server.body = NO_ANSWERS[kind]
    with pytest.raises(Unavailable):
        await apis.get(api, "/search", {})


async def test_a_silent_api_is_given_up(apis: Apis, server: ApiServer) -> None:
    server.go.clear()
    with pytest.raises(Unavailable):
        await apis.get(Api(NAME, server.url, seconds=0.3), "/search", {})


async def test_an_api_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(Unavailable):
        await LocalApis().get(Api(NAME, f"http://127.0.0.1:{free_port()}"), "/search", {})


@pytest.mark.stack
async def test_daprd_tries_again(daprd: Apis, api: Api, server: ApiServer) -> None:
    server.statuses = [503, 500]
    assert await daprd.get(api, "/search", {}) == {"items": []}
    assert len(server.asked) == TRIES


@pytest.mark.stack
async def test_after_five_failures_daprd_asks_no_more_and_then_looks_whether_it_is_back(
    daprd: Apis, api: Api, server: ApiServer
) -> None:
    server.statuses = [503] * TRIPS
    for path in ("/one", "/another"):  # whichever is asked for
        with pytest.raises(Unavailable):
            await daprd.get(api, path, {})
    assert len(server.asked) == TRIPS, "three tries, then two until it opens"
    with pytest.raises(Unavailable):
        await daprd.get(api, "/third", {})
    assert len(server.asked) == TRIPS, "it is open"
    server.statuses = [503]
    assert await until_it_answers(daprd, api) == {"items": []}
    assert len(server.asked) == TRIPS + 2, "half open, one that failed, open again, then one that came through"
    assert await daprd.get(api, "/closed", {}) == {"items": []}


async def until_it_answers(apis: Apis, api: Api) -> object:
    ends = time.monotonic() + 20
    while True:
        try:
            return await apis.get(api, "/search", {})
        except Unavailable:
            assert time.monotonic() < ends
