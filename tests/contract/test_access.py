"""Who may do what: every cell of the table in docs/security.md, tried with real tokens over HTTP."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.embedded import create_app
from functions.runtime.ports import Principal
from functions.runtime.settings import Settings
from functions.usecases.events import Ping
from tests.support.backends import ROOT
from tests.support.catalogue import endpoints
from tests.support.delivering import deliver
from tests.support.fakes import World, class_of, client_of, lesson_for, new_world, struggle
from tests.support.issuer import Issuer, issuer

Json = dict[str, Any]
COLUMNS = {
    "no token": (None, "maya"),
    "learner: own": (("maya", "learner"), "maya"),
    "learner: another's": (("maya", "learner"), "james"),
    "teacher: of their class": (("teacher-1", "teacher"), "maya"),
    "teacher: of another's": (("teacher-1", "teacher"), "james"),
    "service": (("school", "service"), "james"),
}


def table() -> dict[str, dict[str, int]]:
    """What the documentation says, by endpoint and column."""
    text = (ROOT / "docs/security.md").read_text()
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.split("## Who may do what")[1].split("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    assert set(head[1:]) == set(COLUMNS)
    return {row[0]: dict(zip(head[1:], map(int, row[1:]), strict=True)) for row in rows}


TABLE = table()
CELLS = [(endpoint, column) for endpoint, row in TABLE.items() for column in row]


@dataclass
class School:
    """Maya is in 7b of teacher-1, James in 8a of teacher-2; each has a lesson, evidence and an alert."""

    world: World
    client: httpx.AsyncClient
    issued: Issuer
    lessons: dict[str, str]
    alerts: dict[str, str]
    evidence: dict[str, str]

    async def ask(self, caller: tuple[str, str] | None, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = self.issued.bearer(*caller) if caller else {}
        return await self.client.request(method, path, json=body, headers=headers)

    def request(self, endpoint: str, user: str) -> tuple[str, str, Any]:
        """Method, path and body that mean this learner, or what is theirs."""
        own_class = {"maya": "class-7b", "james": "class-8a"}[user]
        lesson, alert = self.lessons[user], self.alerts[user]
        void = {"kind": "void", "evidence_id": self.evidence[user], "reason": "mistaken"}
        progress = {"user_id": user, "lesson_id": lesson}
        ping = {"specversion": "1.0", "id": "1", "source": "/x", "type": Ping.type_name, "data": {}}
        requests: dict[str, tuple[str, str, Any]] = {
            "`POST /generate-lesson`": ("POST", "/generate-lesson", {"user_id": user, "topic": "for-loops"}),
            "`GET /lessons/{lesson_id}`": ("GET", f"/lessons/{lesson}", None),
            "`POST /update-progress`": ("POST", "/update-progress", progress | {"progress_percentage": 5}),
            "`POST /update-progress` with `void`": (
                "POST", "/update-progress", {"user_id": user, "lesson_id": "on-for-loops", "evidence": [void]}
            ),
            "`GET /status/class` by `user_ids`": ("GET", f"/status/class?user_ids={user}", None),
            "`GET /status/class` by `class_id`": ("GET", f"/status/class?class_id={own_class}", None),
            "`GET /alerts` by `user_id`": ("GET", f"/alerts?user_id={user}", None),
            "`GET /alerts` by `class_id`": ("GET", f"/alerts?class_id={own_class}", None),
            "`POST /alerts/{alert_id}/acknowledge`": ("POST", f"/alerts/{alert}/acknowledge", {}),
            "`POST /alerts/{alert_id}/resolve`": ("POST", f"/alerts/{alert}/resolve", {}),
            "`GET /classes/{class_id}`": ("GET", f"/classes/{own_class}", None),
            "`PUT /classes/{class_id}`": ("PUT", f"/classes/{own_class}", {"title": "New", "user_ids": [user]}),
            "an event, embedded": ("POST", "/functions/relay-events/", ping),
        }  # fmt: skip
        return requests[endpoint] if endpoint in requests else _of_a_learner(endpoint, user)


def _of_a_learner(endpoint: str, user: str) -> tuple[str, str, Any]:
    """A request that says no more than whom it is about, in its path, query or body."""
    method, path = endpoint.strip("`").split()
    named = "{user_id}" in path
    path = re.sub(r"{\w+}", "one", path.replace("{user_id}", user))
    if method in ("POST", "PUT"):
        return method, path, {} if named else {"user_id": user}
    return method, path if named else f"{path}?user_id={user}", None


@pytest.fixture(scope="module")
def issued() -> Iterator[Issuer]:
    with issuer() as found:
        yield found


@pytest.fixture
async def school(issued: Issuer, tmp_path: Path) -> AsyncIterator[School]:
    async with new_world() as world:
        lessons, alerts, evidence = {}, {}, {}
        for user in ("maya", "james"):
            lessons[user] = (await lesson_for(world, user)).lesson_id
            alerts[user] = (await struggle(world, user))["data"]["alert_id"]
            document = await world.document(f"learner:{user}") or {}
            evidence[user] = next(line["id"] for line in document["ledger"] if line["kind"] == "quiz")
        await deliver(world)
        await class_of(world, "maya", class_id="class-7b")
        await class_of(world, "james", teacher=Principal("teacher-2", "teacher"), class_id="class-8a")
        app = create_app(tmp_path, issued.settings())
        app.state.ports = world.ports
        async with client_of(app) as client:
            yield School(world, client, issued, lessons, alerts, evidence)


@pytest.mark.parametrize(("endpoint", "column"), CELLS)
async def test_an_endpoint_answers_as_the_table_says(school: School, endpoint: str, column: str) -> None:
    caller, user = COLUMNS[column]
    answer = await school.ask(caller, *school.request(endpoint, user))
    assert answer.status_code == TABLE[endpoint][column], answer.text[:500]
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("endpoint", [name for name in TABLE if TABLE[name]["learner: another's"] in (403, 404)])
async def test_a_refusal_does_not_say_whether_there_is_such_a_thing(school: School, endpoint: str) -> None:
    method, path, body = school.request(endpoint, "james")
    callers: list[tuple[str, str]] = [("maya", "learner"), ("teacher-1", "teacher")]
    for caller in callers:
        known = await school.ask(caller, method, path, body)
        if method == "PUT" and known.status_code == 403 and caller[1] == "teacher":
            continue  # said in docs/security.md
        for name in ("james", "class-8a", school.lessons["james"], school.alerts["james"], school.evidence["james"]):
            path, body = path.replace(name, "nobody"), _replaced(body, name)
        unknown = await school.ask(caller, method, path, body)
        assert unknown.status_code == known.status_code

        def said(answer: httpx.Response) -> str:
            problem = answer.json()
            names = "|".join(
                map(re.escape, ("james", "class-8a", "nobody", school.lessons["james"], school.alerts["james"]))
            )
            return re.sub(names, "…", str(problem["detail"]))

        assert said(unknown) == said(known)
        method, path, body = school.request(endpoint, "james")


def _replaced(body: Any, name: str) -> Any:
    if isinstance(body, dict):
        return {key: _replaced(value, name) for key, value in body.items()}
    if isinstance(body, list):
        return [_replaced(value, name) for value in body]
    return "nobody" if body == name else body


def test_every_endpoint_is_in_the_table() -> None:
    there = {f"`{method} {path}`" for method, path in endpoints()}
    assert {re.match(r"`[^`]+`|.*", name)[0] for name in TABLE} - {"an event, embedded"} == there  # type: ignore[index]


# Lists, narrowed


async def test_a_list_without_a_filter_holds_what_the_caller_may_see(school: School) -> None:
    async def seen(path: str, *caller: str) -> set[str]:
        answer = await school.ask((caller[0], caller[1]), "GET", path)
        assert answer.status_code == 200
        [found] = [value for value in answer.json().values() if isinstance(value, list)]
        assert answer.json()["total"] == len(found)
        return {row["user_id"] for row in found}

    assert await seen("/lessons", "maya", "learner") == {"maya"}
    assert await seen("/lessons", "nobody", "learner") == set()
    for path in ("/lessons", "/alerts"):
        assert await seen(path, "teacher-1", "teacher") == {"maya"}
        assert await seen(path, "teacher-2", "teacher") == {"james"}
        assert await seen(path, "teacher-3", "teacher") == set()
        assert await seen(path, "school", "service") == {"maya", "james"}


async def test_a_learner_who_leaves_a_class_is_out_of_the_teachers_reach_at_once(school: School) -> None:
    teacher = ("teacher-1", "teacher")
    assert (await school.ask(teacher, "GET", "/status?user_id=maya")).status_code == 200
    put = await school.ask(teacher, "PUT", "/classes/class-7b", {"title": "Python, 7b", "user_ids": []})
    assert put.status_code == 200
    assert (await school.ask(teacher, "GET", "/status?user_id=maya")).status_code == 403
    assert (await school.ask(teacher, "GET", "/alerts")).json()["total"] == 0


async def test_a_class_with_one_learner_of_another_teacher_is_refused_whole(school: School) -> None:
    answer = await school.ask(("teacher-1", "teacher"), "GET", "/status/class?user_ids=maya,james")
    assert answer.status_code == 403 and "james" in answer.json()["detail"]


async def test_a_teacher_sees_themselves_as_a_learner(school: School) -> None:
    assert (await school.ask(("teacher-1", "teacher"), "GET", "/status?user_id=teacher-1")).status_code == 200
    assert (await school.ask(("teacher-1", "teacher"), "GET", "/learners/teacher-1/export")).status_code == 404


async def test_when_the_store_does_not_answer_nothing_is_granted(school: School) -> None:
    school.world.documents.down = True
    answer = await school.ask(("teacher-1", "teacher"), "GET", "/status?user_id=maya")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_teacher_with_too_many_learners_for_one_list_is_told_so(school: School) -> None:
    for number in range(5):
        await class_of(school.world, *(f"u{number}-{n}" for n in range(500)), class_id=f"c{number}")
    for path in ("/lessons", "/alerts"):
        answer = await school.ask(("teacher-1", "teacher"), "GET", path)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "user_id")
        assert (await school.ask(("teacher-1", "teacher"), "GET", f"{path}?user_id=maya")).status_code == 200


async def test_without_accounts_every_cell_is_a_success(school: School, tmp_path: Path) -> None:
    app = create_app(tmp_path, Settings(auth="off"))
    app.state.ports = school.world.ports
    async with client_of(app) as client:
        for endpoint in TABLE:  # erasing is the last but the event
            method, path, body = school.request(endpoint, "james")
            assert (await client.request(method, path, json=body)).status_code == TABLE[endpoint]["service"], endpoint
