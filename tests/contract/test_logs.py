"""What is never in a log: a token, a password, a person; and what no text of a caller's can do there: make a line."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import forged_tokens, hostile_requests  # noqa: F401  they register what they hold
from tests.support.attempts import ATTEMPTS
from tests.support.backends import Backend, embedded, eventually
from tests.support.dapr_run import on_free_ports, secured_run
from tests.support.issuer import Issuer, issuer
from tests.support.raw import sent

TOKEN = secrets.token_hex(16)
PERSON = f"someone-{secrets.token_hex(4)}"
FUNCTIONS = ("generate-lesson", "get-status", "list-lessons", "manage-classes", "update-progress")
# what a terminal or another reader of lines would take for the end of one, or as an order
CONTROL = "\x1b[2J\x1b[31m\r\n12:00:00 all is well\u2028\u202e\x00"
LINE = re.compile(r"\d\d:\d\d:\d\d .*|    .*")


@dataclass
class Run:
    backend: Backend
    issuer: Issuer
    folder: Path

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.rglob("*log"))


@pytest.fixture(scope="module", params=["embedded", pytest.param("stack", marks=pytest.mark.stack)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("logs")
    with issuer() as issued:
        variables = issued.variables() | {"LOG_LEVEL": "DEBUG", "DAPR_API_TOKEN": TOKEN, "APP_API_TOKEN": TOKEN}
        if request.param == "embedded":
            with embedded(folder, **variables) as backend:
                yield Run(backend, issued, folder)
        else:
            with secured_run(folder, TOKEN, on_free_ports(FUNCTIONS, **variables)) as backend:
                yield Run(backend, issued, folder)


def used(run: Run) -> list[str]:
    """Every attempt of the table, and a whole ordinary visit; the tokens that were sent."""
    sent_tokens = []
    for make in ATTEMPTS.values():
        request = make(run.issuer)
        sent(run.backend.url(request.path if run.backend.name == "stack" else "/"), request)
        sent_tokens += [value.split(" ")[-1] for name, value in request.headers if name == "Authorization"]
    own = run.issuer.bearer(PERSON)
    body = {"user_id": PERSON, "topic": "for-loops"}
    assert run.backend.request("POST", "/generate-lesson", json=body, headers=own).status_code == 201
    progress = {"user_id": PERSON, "lesson_id": "l1", "evidence": [{"kind": "message", "text": "I am stuck"}]}
    run.backend.request("POST", "/update-progress", json=progress | {"topic": "for-loops"}, headers=own)
    assert run.backend.request("GET", f"/status?user_id={PERSON}", headers=own).status_code == 200
    return [*sent_tokens, own["Authorization"].split(" ")[1]]


def test_no_log_holds_a_token_a_password_or_a_person(run: Run) -> None:
    tokens = used(run)
    logs = eventually(lambda: text if (text := run.logs()).count("/status") else "")
    signatures = {part for token in tokens for part in token.split(".") if len(part) > 20}
    for secret in (*signatures, TOKEN, PERSON, "password=", "Authorization", "I am stuck"):
        assert secret not in logs, secret


def test_no_text_of_a_callers_makes_a_line_of_its_own(run: Run) -> None:
    event = {"specversion": "1.0", "id": f"e{CONTROL}", "source": f"/x{CONTROL}", "type": f"t{CONTROL}", "data": {}}
    event[f"t{CONTROL}"] = {}  # its value is refused, and the reason names it
    headers = run.issuer.bearer("school", "service") | {"content-type": "application/cloudevents+json"}
    if run.backend.name == "embedded":
        for route in ("/functions/track-lesson/", "/functions/track-lesson/dapr"):
            run.backend.request("POST", route, json=event, headers=headers | {"dapr-api-token": TOKEN})
    for address in ("/status?user_id=a%0a12:00:00%20all%20is%20well", "/lessons/l%1b[31m%0d%0a", "/status?%0ax=1"):
        run.backend.request("GET", address, headers=run.issuer.bearer(PERSON) | {"traceparent": "00-x"})
    logs = eventually(lambda: text if "/lessons/{lesson_id}" in (text := run.logs()) else "")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", logs)
    if run.backend.name == "embedded":
        assert r"t\x1b[2J\x1b[31m\r\n12:00:00 all is well" in logs
    for path in run.folder.rglob("*log"):
        for line in path.read_text().splitlines():
            if run.backend.name == "embedded":
                assert LINE.fullmatch(line), line
                assert not line.startswith("12:00:00 all is well")
            elif path.name.endswith("-app.log") and line.startswith("{"):
                json.loads(line)
