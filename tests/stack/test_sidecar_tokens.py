"""The tokens between a function and its real daprd, in both directions: without the right one nothing happens."""

import json
import secrets
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support import kafka, postgres
from tests.support.backends import ROOT, eventually, new_learner
from tests.support.dapr_run import StackBackend, on_free_ports, secured_run
from tests.support.fakes import lesson_event
from tests.support.topics import create_topics

pytestmark = pytest.mark.stack
TOKEN = secrets.token_hex(16)


def documents(user: str) -> list[Any]:
    return postgres.rows("SELECT key FROM state WHERE key = $1", f"statestore||learner:{user}")


def report(backend: StackBackend, user: str) -> httpx.Response:
    return backend.post("/update-progress", {"user_id": user, "lesson_id": "l1", "progress_percentage": 10})


def test_a_sidecar_does_nothing_for_who_does_not_know_its_token(tmp_path: Path) -> None:
    with secured_run(tmp_path, TOKEN, on_free_ports(["update-progress"], AUTH="off", DAPR_API_TOKEN=TOKEN)) as backend:
        user = new_learner()
        assert report(backend, user).status_code == 200
        assert documents(user)
        port = backend.processes.apps["update-progress"]["daprHTTPPort"]
        state = f"http://127.0.0.1:{port}/v1.0/state/statestore/learner:{user}"
        for headers in ({}, {"dapr-api-token": "wrong"}, {"Authorization": f"Bearer {TOKEN}"}):
            assert httpx.get(state, headers=headers).status_code == 401
            assert httpx.delete(state, headers=headers).status_code == 401
        assert httpx.get(state, headers={"dapr-api-token": TOKEN}).status_code == 200
        assert documents(user)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_function_without_its_sidecars_token_acknowledges_nothing(tmp_path: Path, token: str) -> None:
    file = on_free_ports(["update-progress"], AUTH="off", DAPR_API_TOKEN=token)
    with secured_run(tmp_path, TOKEN, file) as backend:
        user = new_learner()
        answer = report(backend, user)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "UNAUTHENTICATED" in answer.json()["detail"] and TOKEN not in answer.text
        assert not documents(user)


def resources(folder: Path, app_id: str, topic: str) -> Path:
    """The project's components, open to an app-id of the test's, and a subscription of its own."""
    folder.mkdir()
    for name in ("pubsub", "statestore", "readmodel", "secretstore"):
        component = yaml.safe_load((ROOT / f"components/{name}.yaml").read_text())
        component.pop("scopes", None)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(component))
    found = yaml.safe_load((ROOT / "components/subscription-lesson-generated-track-lesson.yaml").read_text())
    found["spec"] |= {"topic": topic, "deadLetterTopic": f"{topic}-dead"}
    (folder / "subscription.yaml").write_text(yaml.safe_dump(found | {"scopes": [app_id]}))
    shutil.copy(ROOT / "components/resiliency.yaml", folder)
    return folder


def subscribed(folder: Path, app_id: str, topic: str, token: str) -> dict[str, Any]:
    """`track-lesson` under another app-id, and so in a consumer group of its own; `token` is what it wants."""
    file = on_free_ports(["track-lesson"], AUTH="off", DAPR_API_TOKEN=TOKEN, APP_API_TOKEN=token)
    file["common"]["resourcesPaths"] = [str(resources(folder / "components", app_id, topic))]
    file["apps"][0]["appID"] = app_id
    return file


def test_an_event_is_handled_only_when_it_comes_with_the_functions_token(tmp_path: Path) -> None:
    app_id = f"token-probe-{secrets.token_hex(4)}"
    create_topics(names=(app_id, f"{app_id}-dead"))
    user = new_learner()
    data = lesson_event(user_id=user, lesson_id=new_learner("lesson")).model_dump(mode="json")
    event = {
        "specversion": "1.0",
        "id": app_id,
        "source": "/tests",
        "type": "com.learnflow.lesson.generated.v1",
        "data": data,
    }
    structured = {"content-type": "application/cloudevents+json"}
    kafka.send(app_id, json.dumps(event).encode(), user, structured)

    refusing, knowing = tmp_path / "refusing", tmp_path / "knowing"
    for folder in (refusing, knowing):
        folder.mkdir()
    with secured_run(refusing, TOKEN, subscribed(refusing, app_id, app_id, "another")) as backend:
        at = f"http://127.0.0.1:{backend.processes.apps[app_id]['appPort']}/dapr"
        for headers in ({}, {"dapr-api-token": "wrong"}):
            answer = httpx.post(at, json=event, headers=structured | headers)
            assert answer.status_code == 403
        log = refusing / f"{app_id}-app.log"
        # daprd has tried, and was refused as well
        eventually(lambda: log.read_text().count('"route": "/dapr", "status": 403') > 2)
        assert not documents(user)
    with secured_run(knowing, TOKEN, subscribed(knowing, app_id, app_id, TOKEN)):
        assert eventually(lambda: documents(user))
