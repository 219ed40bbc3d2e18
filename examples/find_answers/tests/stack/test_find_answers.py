"""Stack Exchange asked by a real daprd: tried again, given up fast while the breaker is open, and asked again."""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import httpx
import pytest

from tests.support.api_server import ApiServer, api_server
from tests.support.backends import ROOT, eventually, new_learner
from tests.support.dapr_run import StackBackend, on_free_ports, secured_run

pytestmark = pytest.mark.stack
TOKEN = secrets.token_hex(16)
QUESTION = {"title": "Why?", "link": "https://stackoverflow.com/q/1", "score": 1, "answer_count": 1}
TRIES, TRIPS = 3, 5  # of one call, and failures until the breaker opens


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        running.body = {"items": [QUESTION]}
        yield running


@pytest.fixture(scope="module")
def backend(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackBackend]:
    """The function and its daprd, for which the test's server is Stack Exchange and a breaker is open for a second."""
    folder = tmp_path_factory.mktemp("stack")
    components = Path(copytree(ROOT / "components", folder / "components"))
    for name in ("stackexchange", "resiliency-stackexchange"):
        text = (components / f"{name}.yaml").read_text()
        text = text.replace("https://api.stackexchange.com/2.3", server.url).replace("timeout: 10s", "timeout: 1s")
        (components / f"{name}.yaml").write_text(text)
    file = on_free_ports(["find-answers"], AUTH="off", DAPR_API_TOKEN=TOKEN)
    file["common"]["resourcesPaths"] = [str(components)]
    with secured_run(folder, TOKEN, file) as running:
        yield running


def ask(backend: StackBackend) -> httpx.Response:
    """About an error that nobody asked about before."""
    return backend.get("/answers", user_id="maya", error=f"{new_learner()}Error")


def test_a_failure_or_two_are_not_seen(backend: StackBackend, server: ApiServer) -> None:
    server.asked.clear()
    server.statuses = [503, 500]
    answer = ask(backend)
    assert (answer.status_code, answer.json()["questions"]) == (200, [QUESTION])
    assert len(server.asked) == TRIES


def test_an_api_that_is_away_is_a_fast_503_until_it_is_back(backend: StackBackend, server: ApiServer) -> None:
    server.asked.clear()
    server.statuses = [503] * TRIPS
    failed = [ask(backend) for _ in range(2)]
    assert len(server.asked) == TRIPS
    began = time.monotonic()
    failed.append(ask(backend))
    assert time.monotonic() - began < 1, "it waited for nobody"
    assert len(server.asked) == TRIPS, "the breaker is open"
    for answer in failed:
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.headers["retry-after"] == "1"
    assert eventually(lambda: ask(backend).is_success)
    assert len(server.asked) == TRIPS + 1, "one try, half open"
    assert ask(backend).status_code == 200
