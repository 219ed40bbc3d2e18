"""Reminders, woken as a schedule does it: embedded, and behind daprd."""

import secrets
from datetime import UTC, datetime, timedelta

from functions.usecases.events import Ping
from tests.support.backends import Backend, new_learner


def test_who_has_something_to_review_is_reminded(backend: Backend) -> None:
    user, long_ago = new_learner(), (datetime.now(UTC) - timedelta(weeks=8)).isoformat()
    quiz = {"lesson_id": "l1", "topic": "lists", "evidence": [{"kind": "quiz", "score": 80}], "occurred_at": long_ago}
    assert backend.post("/update-progress", {"user_id": user} | quiz).status_code == 200
    for _ in range(2):
        ping = {"specversion": "1.0", "id": secrets.token_hex(8), "source": "/tests", "type": Ping.type_name}
        assert backend.deliver("remind-reviews", ping).status_code == 204
    own = backend.get(f"/learners/{user}/export").json()["own"]
    assert own == {"remind-reviews": {"reminded_on": datetime.now(UTC).date().isoformat()}}
