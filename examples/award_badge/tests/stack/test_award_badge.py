"""A badge over Kafka: from an update that ends a streak of seven days to the event that tells of it."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from tests.support import kafka, postgres
from tests.support.backends import ROOT, eventually, new_learner
from tests.support.dapr_run import StackBackend, on_free_ports, secured_run
from tests.support.topics import create_topics

pytestmark = pytest.mark.stack
TOKEN = secrets.token_hex(16)
DATABASE = f"learnflow_badges_{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackBackend]:
    """From now on, and with a database of its own: it sees the updates of others too, who have no such function."""
    create_topics()
    folder = tmp_path_factory.mktemp("stack")
    components = Path(copytree(ROOT / "components", folder / "components"))
    pubsub = (components / "pubsub.yaml").read_text()
    from_now = f"{{name: initialOffset, value: newest}}\n    - {{name: consumerGroup, value: {DATABASE}}}"
    assert "{name: initialOffset, value: oldest}" in pubsub
    (components / "pubsub.yaml").write_text(pubsub.replace("{name: initialOffset, value: oldest}", from_now))
    file = on_free_ports(["update-progress", "award-badge"], AUTH="off", DAPR_API_TOKEN=TOKEN)
    file["common"]["resourcesPaths"] = [str(components)]
    with postgres.own_database(DATABASE) as database:
        with secured_run(folder, TOKEN, file, LEARNFLOW_POSTGRES=database) as running:
            yield running


def test_a_week_without_a_day_missed_earns_a_badge_once(backend: StackBackend) -> None:
    user, today = new_learner(), datetime.now(UTC)
    for n in range(6, -1, -1):
        assert report(backend, user, today - timedelta(days=n)).is_success
    # again and again, until its daprd has joined the group
    assert eventually(lambda: report(backend, user, today).is_success and badges(user), 60) == {"days": [7]}
    told = eventually(lambda: kafka.records("badge-awarded", lambda record: record.key == user))
    # two of the learner's events, handled at the same time, may both publish what is pending: the same event twice
    [(source, _)] = {(record.value["source"], record.value["id"]) for record in told}
    assert (source, told[0].value["data"]["streak_days"]) == ("/functions/award-badge", 7)


def report(backend: StackBackend, user: str, at: datetime) -> httpx.Response:
    """Something that has changed: a lesson that is new."""
    update = {"user_id": user, "lesson_id": new_learner("lesson"), "progress_percentage": 10}
    return backend.post("/update-progress", update | {"occurred_at": at.isoformat()})


def badges(user: str) -> Any:
    """As the state store has them."""
    sql = "SELECT convert_from(value, 'UTF8') AS value FROM state WHERE key = $1"
    found = postgres.rows(sql, f"statestore||own:award-badge:{user}", database=DATABASE)
    return found and json.loads(found[0]["value"])
