"""The events of this system (spec section 3): their data, the Kafka topic and the CloudEvents type of each.

`docs/contracts/events/` is generated from these models, and a test fails on an incompatible change.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from functions.runtime.events import EventData
from functions.runtime.models import Float, Id, Int, IsNumber, Slug, Time


class LessonGenerated(EventData):
    """A lesson was written, or written anew (`version` > 1)."""

    topic_name: ClassVar[str] = "lesson-generated"
    type_name: ClassVar[str] = "com.learnflow.lesson.generated.v1"

    lesson_id: Id
    user_id: Id
    course_id: Id
    module: Slug
    topic: Slug
    lesson_type: str
    difficulty_level: str
    title: str
    objectives: list[str]
    estimated_duration: Int = Field(ge=0, description="minutes")
    requested_by: str
    version: Int = Field(ge=1)
    created_at: Time
    updated_at: Time
    timestamp: Time


class ProgressUpdated(EventData):
    """Something about a learner's progress changed. `version` is that of the learner's document."""

    topic_name: ClassVar[str] = "progress-updated"
    type_name: ClassVar[str] = "com.learnflow.progress.updated.v1"

    user_id: Id
    lesson_id: Id
    topic: Slug | None
    progress_percentage: Float = Field(ge=0, le=100)
    status: str
    previous_status: str
    mastery: Annotated[float, Field(ge=0, le=100), IsNumber] | None
    level: str | None
    streak_days: Int = Field(ge=0)
    timestamp: Time
    version: Int = Field(ge=1)


class StruggleDetected(EventData):
    """A learner needs help: an alert was opened. What became of it since is in the learner's document."""

    topic_name: ClassVar[str] = "struggle-detected"
    type_name: ClassVar[str] = "com.learnflow.struggle.detected.v1"

    alert_id: Id
    user_id: Id
    lesson_id: Id
    topic: Slug | None
    trigger: str
    severity: str
    evidence: list[dict[str, Any]]
    timestamp: Time


class Ping(EventData):
    """What Knative's PingSource sends on its schedule."""

    topic_name: ClassVar[str] = ""
    type_name: ClassVar[str] = "dev.knative.sources.ping"


# ours: what comes from a topic of ours
ALL = tuple(event for event in EventData.__subclasses__() if event.__module__ == __name__ and event.topic_name)
TOPICS = tuple(dict.fromkeys(event.topic_name for event in ALL))
