"""What an attacker tries, and what is answered: the table in docs/security.md, each row tried byte by byte.

On the embedded server and on functions behind daprd, both asking for tokens.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import forged_tokens, hostile_requests  # noqa: F401  they register what they hold
from tests.support.attempts import ATTEMPTS
from tests.support.backends import ROOT, Backend, embedded
from tests.support.dapr_run import on_free_ports, secured_run
from tests.support.issuer import Issuer, issuer
from tests.support.raw import Answer, Raw, sent

FUNCTIONS = ("generate-lesson", "get-status", "list-lessons", "manage-classes", "update-progress")


@dataclass
class Scene:
    """A system under attack, and the issuer that it trusts."""

    backend: Backend
    issuer: Issuer

    def answer(self, request: Raw) -> Answer:
        return sent(self.backend.url(request.path if self.backend.name == "stack" else "/"), request)


def table() -> dict[str, str]:
    """What the documentation says that is answered."""
    text = (ROOT / "docs/security.md").read_text().split("## Attempts and answers")[1].split("\n## ")[0]
    rows = [line.strip("|").rsplit("|", 1) for line in text.splitlines() if line.startswith("|")]
    return {name.strip(): answer.strip() for name, answer in rows[2:]}


ANSWERS = table()


@pytest.fixture(scope="module")
def issued() -> Iterator[Issuer]:
    with issuer() as found:
        yield found


@pytest.fixture(scope="module")
def guarded(issued: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with embedded(tmp_path_factory.mktemp("guarded"), **issued.variables()) as backend:
        yield Scene(backend, issued)


@pytest.fixture(scope="module")
def guarded_stack(issued: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder, token = tmp_path_factory.mktemp("guarded-stack"), secrets.token_hex(16)
    with secured_run(folder, token, on_free_ports(FUNCTIONS, DAPR_API_TOKEN=token, **issued.variables())) as backend:
        yield Scene(backend, issued)


@pytest.fixture(params=["guarded", pytest.param("guarded_stack", marks=pytest.mark.stack)])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_answered_as_the_table_says(scene: Scene, name: str, record_property: Any) -> None:
    answer = scene.answer(ATTEMPTS[name](scene.issuer))
    record_property("attempt", f"{scene.backend.name}: {name} -> {answer.status}")
    assert str(answer.status) == ANSWERS[name], answer.body[:300]
    assert b"Traceback" not in answer.body and b"site-packages" not in answer.body
    if answer.status == 401:
        assert answer.headers["www-authenticate"].startswith('Bearer realm="learnflow"')
    if answer.status >= 400 and answer.body[:1] == b"{":
        assert answer.headers["content-type"] == "application/problem+json"
    assert "evil.example" not in answer.headers.get("location", "")
    assert "set-cookie" not in answer.headers


def test_no_token_made_the_server_fetch_anything_but_the_issuers_keys(scene: Scene) -> None:
    for name in ATTEMPTS:
        if name.startswith(("`kid", "`jku", "`x5u")):
            scene.answer(ATTEMPTS[name](scene.issuer))
    assert scene.issuer.paths == {"/jwks.json"}


def test_the_table_lists_every_attempt_and_no_other() -> None:
    assert list(ANSWERS) == list(ATTEMPTS)
