"""What a replay on Kafka must not do: have a second effect."""

import json

from tests.support import kafka
from tests.support.backends import Backend, eventually, new_learner


def entries(backend: Backend, user: str) -> tuple[int, int]:
    """How many lessons the learner has, and the version of what is kept of them."""
    status = backend.get("/status", user_id=user).json()
    return status["counts"]["total"], status["version"]


def check_one_effect(backend: Backend, user: str, record: kafka.Record) -> None:
    """Of the `lesson-generated` of this learner, which is on Kafka again: once what comes behind it was handled."""
    other = new_learner()  # of whom a lesson comes behind it in the same partition: it is handled after it
    data = record.value["data"] | {"user_id": other, "lesson_id": other}
    behind = record.value | {"id": f"after-{record.value['id']}", "data": data}
    kafka.send("lesson-generated", json.dumps(behind).encode(), user, record.headers)
    eventually(lambda: entries(backend, other) == (1, 1))
    assert entries(backend, user) == (1, 1), "the replay had no second effect"
