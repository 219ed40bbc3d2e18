"""`skaffold dev` on the cluster: a saved handler answers the next request, without a new revision; Ctrl+C cleans up."""

import json
from collections.abc import Iterator

import pytest

from functions.cli import main
from tests.support.backends import eventually
from tests.support.cluster import run
from tests.support.cluster_loop import NAMESPACE, READY, ClusterLoop, cluster_loop

pytestmark = pytest.mark.cluster
HANDLER = "functions/get_status/handler.py"
ETAG = "etag = f'W/\""
IMPORT = "from functions.runtime.errors import invalid\n"


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterLoop]:
    with cluster_loop(tmp_path_factory.mktemp("loop"), "get-status") as running:
        yield running


def etag(loop: ClusterLoop) -> str:
    return str(loop.get("/status?user_id=somebody").headers.get("etag", ""))


def named(kind: str) -> list[str]:
    found = json.loads(run("kubectl", "-n", NAMESPACE, "get", kind, "-o", "json"))["items"]
    return [item["metadata"]["name"] for item in found if "deletionTimestamp" not in item["metadata"]]


def test_saved_code_answers_and_what_does_not_load_says_so_until_it_is_mended(loop: ClusterLoop) -> None:
    [pod], revisions = named("pods"), named("revisions.serving.knative.dev")
    assert etag(loop).startswith('W/"0-')
    loop.save(HANDLER, ETAG, f"{ETAG}edited-")
    eventually(lambda: etag(loop).startswith('W/"edited-0-'))
    assert "get-status" in loop.said("dev: changed: functions/get_status/handler.py")

    loop.save(HANDLER, IMPORT, IMPORT.replace("invalid", "nothing"))
    refused = eventually(lambda: [a for a in [loop.get("/status?user_id=somebody")] if a.status_code == 503])[0]
    assert refused.headers["content-type"] == "application/problem+json"
    assert "ImportError: cannot import name 'nothing'" in refused.json()["detail"]
    assert 'File "functions/get_status/handler.py"' in loop.said("ImportError: cannot import name 'nothing'")

    loop.save(HANDLER, IMPORT.replace("invalid", "nothing"), IMPORT)
    eventually(lambda: etag(loop).startswith('W/"edited-0-'))
    assert (named("pods"), named("revisions.serving.knative.dev")) == ([pod], revisions), "no new revision"


def test_the_doctor_names_what_this_namespace_lacks(loop: ClusterLoop, capsys: pytest.CaptureFixture[str]) -> None:
    assert loop.name == "get-status"
    run("kubectl", "-n", NAMESPACE, "delete", "secret", "dapr-api-token")
    assert main(["doctor", "cluster", "--namespace", NAMESPACE, "--json"]) == 1
    found = {(each["name"], each["state"]): each for each in json.loads(capsys.readouterr().out)["cluster"]}
    assert ("cluster", "ok") in found and ("crds", "ok") in found and ("permissions", "ok") in found
    assert found["secrets", "missing"]["said"] == f"{NAMESPACE} has no dapr-api-token"
    assert found["secrets", "missing"]["mend"] == f"knative/create-secrets.sh {NAMESPACE}"
    assert "generate-lesson" in found["functions", "missing"]["said"] and ("functions", "ok") in found


def test_ctrl_c_takes_away_all_that_was_deployed_and_leaves_the_secrets(loop: ClusterLoop) -> None:
    loop.interrupt()
    assert loop.process.wait(60) == 0
    assert loop.group() == []
    assert "Cleaning up..." in loop.log.read_text() and READY in loop.log.read_text()
    assert named("services.serving.knative.dev") == named("components.dapr.io") == named("kafkasinks") == []
    assert "learnflow-postgres" in named("secrets")
