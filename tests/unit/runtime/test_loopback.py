"""A server without accounts answers to its own names only: a page of another site cannot have one point here."""

import httpx
import pytest
from fastapi import FastAPI

from functions.runtime.loopback import OwnHosts, is_own


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:8080", "127.1.2.3:80", "[::1]", "[::1]:8080"],
)
def test_a_name_of_this_machine_is_its_own(host: str) -> None:
    assert is_own(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "127.evil",
        "[::2]",
        "localhost@evil.example",
        "10.0.0.1",
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    assert not is_own(host)


async def test_what_was_sent_to_another_name_is_refused_before_anything_is_read() -> None:
    app = FastAPI()
    app.add_api_route("/", lambda: "here")
    app.add_middleware(OwnHosts)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://evil.example") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080") as client:
        assert (await client.get("/")).json() == "here"
