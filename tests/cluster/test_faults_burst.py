"""Two hundred events and two hundred requests at once find every function at zero: all are answered, all count once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.runtime.events import STRUCTURED, new_event
from functions.usecases.events import LessonGenerated
from tests.support import kafka
from tests.support.backends import eventually, new_learner
from tests.support.clients import Said, Told, report, say
from tests.support.cluster import ClusterBackend, running_pods
from tests.support.cluster_audit import audit
from tests.support.fault_table import seen

pytestmark = pytest.mark.cluster
LEARNERS, EACH = 40, 5  # that many lessons and that many requests a learner
ZERO = 120  # seconds, at most, until there is no pod


def lesson_of(user: str, number: int) -> tuple[str, bytes]:
    """The event that a lesson was written, as `generate_lesson` publishes it."""
    now, lesson_id = datetime.now(UTC), f"{user}-lesson-{number}"
    told: dict[str, Any] = {"objectives": [], "estimated_duration": 20, "requested_by": "learner", "version": 1}
    times = dict.fromkeys(("created_at", "updated_at", "timestamp"), now)
    place = {"course_id": "python", "module": "control-flow", "topic": "for-loops", "title": "For Loops"}
    sort = {"lesson_type": "standard", "difficulty_level": "beginner"}
    data = LessonGenerated(lesson_id=lesson_id, user_id=user, **place, **sort, **told, **times)
    event = new_event(data, source="generate-lesson", subject=lesson_id, key=user, facts=(lesson_id, 1), time=now)
    return user, json.dumps(event).encode()


def test_a_burst_that_finds_everything_at_zero_is_answered_and_every_event_counts_once(
    cluster: ClusterBackend,
) -> None:
    users = [new_learner() for _ in range(LEARNERS)]
    events = [lesson_of(user, number) for number in range(EACH) for user in users]
    again = events[::EACH]  # a fifth of them comes twice

    def client(user: str) -> list[Said]:
        return [say(cluster, report(user, number)) for number in range(1, EACH + 1)]

    eventually(lambda: not any(map(running_pods, ("update-progress", "track-lesson", "project-progress"))), ZERO)
    with ThreadPoolExecutor(LEARNERS) as pool:
        clients = [pool.submit(client, user) for user in users]
        kafka.send_all("lesson-generated", events + again, {"content-type": STRUCTURED})
        told = Told([said for answered in clients for said in answered.result()])
    assert told.failures == {} and told.declared == 0
    published = audit(told, lessons=dict.fromkeys(users, EACH))
    seen("a burst finds everything at zero", told, published + len(events + again))
