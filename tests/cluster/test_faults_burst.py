"""Two hundred events and two hundred requests at once find every function at zero: all are answered, all count once."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.runtime.events import STRUCTURED, new_event
from functions.usecases.events import LessonGenerated
from tests.support import kafka
from tests.support.backends import eventually
from tests.support.cluster import running_pods
from tests.support.cluster_faults import LOAD, Cluster
from tests.support.faults import under_load
from tests.support.front_ends import Told

pytestmark = pytest.mark.cluster
LEARNERS, EACH = 40, 5  # that many lessons and that many requests a learner
ZERO = 120  # seconds, at most, until there is no pod


def told_of(user: str, lesson_id: str) -> tuple[str, bytes]:
    """The event that a lesson was written, as `generate_lesson` publishes it: Kafka's key and value."""
    now = datetime.now(UTC)
    told: dict[str, Any] = {"objectives": [], "estimated_duration": 20, "requested_by": "learner", "version": 1}
    times = dict.fromkeys(("created_at", "updated_at", "timestamp"), now)
    place = {"course_id": "python", "module": "control-flow", "topic": "for-loops", "title": "For Loops"}
    sort = {"lesson_type": "standard", "difficulty_level": "beginner"}
    data = LessonGenerated(lesson_id=lesson_id, user_id=user, **place, **sort, **told, **times)
    event = new_event(data, source="generate-lesson", subject=lesson_id, key=user, facts=(lesson_id, 1), time=now)
    return user, json.dumps(event).encode()


def test_a_burst_that_finds_everything_at_zero_is_answered_and_every_event_counts_once(place: Cluster) -> None:
    eventually(lambda: not any(map(running_pods, ("update-progress", "track-lesson", "project-progress"))), ZERO)
    load = LOAD | {"learners": LEARNERS, "clients": LEARNERS, "pace": 0, "warm": 0}
    with under_load(place, "a burst finds everything at zero", **load) as fault:
        lessons = [(user, f"{user}-lesson-{number}") for number in range(EACH) for user in fault.users]
        fault.load.also += [Told("announce", *lesson, body={}) for lesson in lessons]
        again = lessons[::EACH]  # a fifth of them comes twice
        events = [told_of(*lesson) for lesson in lessons + again]
        kafka.send_all("lesson-generated", events, {"content-type": STRUCTURED})
        fault.happened()
        fault.load.more(LEARNERS * EACH)
    assert fault.line.cut == fault.line.declared == 0
