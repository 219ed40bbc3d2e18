"""A token that is good is good for one reason, and one that is not is told what is wrong with it."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from functions.runtime import auth
from functions.runtime.app import create_event_app, create_http_app
from functions.runtime.models import Answer, Request
from functions.runtime.ports import Call, Ports, Principal, Reply
from functions.runtime.receive import On
from functions.runtime.routes import Route
from functions.runtime.settings import Settings, TokenSettings
from functions.usecases.events import Ping
from tests.support.fakes import World, client_of
from tests.support.forged_tokens import HEAD, altered, mac_with, twice
from tests.support.issuer import AUDIENCE, Issuer, issuer, new_key, signed_anyhow


class Things(Request):
    user_id: str


class Thing(Answer):
    name: str


PUBLIC = mac_with(lambda i: i.keys[0].as_pem(private=False))


@pytest.fixture(scope="module")
def one_issuer() -> Iterator[Issuer]:
    with issuer() as found:
        yield found


@pytest.fixture
def issued(one_issuer: Issuer) -> Iterator[Issuer]:
    keys = one_issuer.keys[:]
    yield one_issuer
    one_issuer.keys, one_issuer.up, one_issuer.document = keys, True, None


@pytest.fixture
def seen() -> list[Principal]:
    return []


@pytest.fixture
def app(world: World, issued: Issuer, seen: list[Principal]) -> FastAPI:
    async def list_things(ports: Ports, call: Call, request: Things) -> Reply:  # noqa: ARG001
        """List things"""
        seen.append(call.principal)
        return Reply(Thing(name="thing"))

    made = create_http_app("things", [Route("GET", "/things", list_things, Things, Thing)])
    made.state.ports, made.state.settings = world.ports, issued.settings()
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as made:
        yield made


async def ask(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get("/things?user_id=maya", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("role", ["learner", "teacher", "service"])
async def test_the_caller_is_who_the_token_says(
    client: httpx.AsyncClient, issued: Issuer, seen: list[Principal], role: str
) -> None:
    assert (await ask(client, issued.token("maya", role))).status_code == 200
    assert seen == [Principal("maya", role, known=True)]


GOOD: dict[str, Any] = {
    "RS256": lambda i: i.token(),
    "ES256": lambda i: i.token(key=i.keys[1]),
    "several audiences": lambda i: i.token(aud=["another", AUDIENCE]),
    "expired within the leeway": lambda i: i.token(exp=int(time.time()) - 10),
    "from a clock that is a little ahead": lambda i: i.token(iat=int(time.time()) + 10, nbf=int(time.time()) + 10),
    "an access token by its type": lambda i: i.token(head={"typ": "at+jwt"}),
    "a type as a media type": lambda i: i.token(head={"typ": "application/at+JWT"}),
    "a header that need not be known": lambda i: signed_anyhow(HEAD | {"nonce": "x"}, i.claims(), i.keys[0]),
    "no id of a key where there is only one": lambda i: signed_anyhow({"alg": "RS256"}, i.claims(), i.keys[0]),
    "claims that are none of ours": lambda i: i.token(email="maya@example.org", scope="a b"),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
async def test_a_good_token_is_accepted(client: httpx.AsyncClient, issued: Issuer, make: Any) -> None:
    answer = await ask(client, make(issued))
    assert answer.status_code == 200, answer.headers


BAD: dict[str, tuple[Any, str]] = {
    "expired": (lambda i: i.token(exp=int(time.time()) - 31), "The token has expired."),
    "not yet valid": (lambda i: i.token(nbf=int(time.time()) + 40), "The token's nbf is not acceptable."),
    "another audience": (lambda i: i.token(aud="another"), "The token's aud is not acceptable."),
    "another issuer": (lambda i: i.token(iss="https://evil.example"), "The token's iss is not acceptable."),
    "HS256": (PUBLIC, "The token is not signed with RS256 or ES256."),
    "altered": (altered, "The token's signature or form is not acceptable."),
    "forged": (lambda i: i.token(key=new_key("rsa-1")), "The token's signature or form is not acceptable."),
    "unknown key": (lambda i: i.token(key=new_key("rsa-9")), "The issuer has no such key."),
    "key of the other algorithm": (
        lambda i: i.token(key=i.keys[1], head={"kid": "rsa-1"}),
        "The issuer has no such key.",
    ),
    "crit": (
        lambda i: signed_anyhow(HEAD | {"crit": ["x"], "x": 1}, i.claims(), i.keys[0]),
        "The token needs an extension that is not understood.",
    ),
    "logout token": (lambda i: i.token(head={"typ": "logout+jwt"}), "The token is not an access token."),
    "sub twice": (twice, "The token's signature or form is not acceptable."),
    "sub no id": (lambda i: i.token("a b"), "The token's sub is not an id of this system."),
    "no token": (lambda _: "a.b.c", "The token's signature or form is not acceptable."),
}


@pytest.mark.parametrize(("make", "why"), BAD.values(), ids=BAD)
async def test_a_bad_token_is_refused_for_what_is_wrong_with_it(
    client: httpx.AsyncClient, issued: Issuer, seen: list[Principal], make: Any, why: str
) -> None:
    answer = await ask(client, make(issued))
    assert (answer.status_code, answer.json()["detail"]) == (401, why)
    challenge = f'Bearer realm="learnflow", error="invalid_token", error_description="{why}"'
    assert answer.headers["www-authenticate"] == challenge
    assert seen == []


async def test_a_token_without_a_role_of_ours_gives_no_right_to_anything(
    client: httpx.AsyncClient, issued: Issuer
) -> None:
    answer = await ask(client, issued.token(role="admin"))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_a_rotated_key_is_fetched_and_the_old_one_is_good_no_more(
    client: httpx.AsyncClient, issued: Issuer
) -> None:
    old, new = issued.token(), new_key("rsa-2")
    assert (await ask(client, old)).status_code == 200
    issued.keys = [new]
    assert (await ask(client, issued.token(key=new))).status_code == 200
    assert (await ask(client, old)).status_code == 401


async def test_while_the_issuer_is_away_known_keys_serve_and_others_are_a_503(
    client: httpx.AsyncClient, issued: Issuer, seen: list[Principal]
) -> None:
    assert (await ask(client, issued.token())).status_code == 200
    issued.up = False
    assert (await ask(client, issued.token())).status_code == 200
    answer = await ask(client, issued.token(key=new_key("rsa-2")))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert len(seen) == 2


async def test_without_any_key_no_token_can_be_checked(client: httpx.AsyncClient, issued: Issuer) -> None:
    issued.up = False
    answer = await ask(client, issued.token())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"] == "The issuer's keys cannot be had, so no token can be checked."
    assert (await client.get("/things?user_id=maya")).status_code == 401


async def test_a_deployment_that_does_not_say_whose_tokens_are_good_takes_none(app: FastAPI, issued: Issuer) -> None:
    app.state.settings = Settings(tokens=TokenSettings(issuer="https://issuer.example"))
    async with client_of(app) as client:
        answer = await ask(client, issued.token())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "LEARNFLOW_JWT_AUDIENCE, LEARNFLOW_JWKS_URL not set" in answer.json()["detail"]


async def test_keys_are_fetched_ahead_of_the_first_token(app: FastAPI, issued: Issuer) -> None:
    before = issued.asked
    await auth.warm_up(app.state)
    assert issued.asked == before + 1
    async with client_of(app) as client:
        assert (await ask(client, issued.token())).status_code == 200
    assert issued.asked == before + 1


# The sidecar's own token


@pytest.mark.parametrize(
    ("settings", "header", "status"),
    [
        (Settings(auth="off"), None, 204),
        (Settings(auth="off", app_api_token="secret"), "secret", 204),
        (Settings(auth="off", app_api_token="secret"), None, 403),
        (Settings(auth="off", app_api_token="secret"), "Secret", 403),
        (Settings(app_api_token="secret"), "secret", 204),
        (Settings(), None, 403),
        (Settings(), "secret", 403),
    ],
)
async def test_an_event_of_a_sidecar_needs_the_applications_token(
    world: World, settings: Settings, header: str | None, status: int
) -> None:
    handled = []

    async def handle(ports: Ports, event: Any) -> None:  # noqa: ARG001
        handled.append(event.id)

    app = create_event_app("probe-events", [On(Ping, handle)])
    app.state.ports, app.state.settings = world.ports, settings
    ping = {"specversion": "1.0", "id": "1", "source": "/x", "type": Ping.type_name, "data": {}}
    headers = {"content-type": "application/cloudevents+json"} | ({"dapr-api-token": header} if header else {})
    async with client_of(app) as client:
        answer = await client.post("/dapr", json=ping, headers=headers)
        assert answer.status_code == status
        assert handled == (["1"] if status == 204 else [])
        assert (await client.post("/", json=ping, headers=headers)).status_code == 204, "Knative's way has no token"


async def test_a_function_that_is_called_takes_no_events(app: FastAPI, issued: Issuer) -> None:
    async with client_of(app) as client:
        for path in ("/", "/dapr"):
            answer = await client.post(path, json={}, headers=issued.bearer("school", "service"))
            assert answer.status_code == 404


def test_no_function_loads_what_checks_tokens_before_there_is_one_to_check() -> None:
    script = "from functions.embedded import apps; apps(); import sys; print('joserfc' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"
