"""A learner's figures by topic and module, as `GET /status` shows them."""

from functions.get_status.models import ModuleStatus, TopicStatus
from functions.learning.curriculum import Module, Topic
from functions.learning.learner import Learner
from functions.learning.levels import level_of
from functions.learning.mastery import Mastery, mean_score


def module_status(
    module: Module, learner: Learner, mastery: dict[str, Mastery], left: dict[str, float]
) -> ModuleStatus:
    """`mastery` by topic id; `left`: what is left of it after forgetting, where that was asked for."""
    topics = [topic_status(t, learner, mastery.get(t.topic_id), left.get(t.topic_id)) for t in module.topics]
    score = mean_score(t.mastery for t in topics if t.mastery is not None)
    level = level_of(score) if score is not None else None
    return ModuleStatus(
        module_id=module.module_id,
        module=module.title,
        mastery=score,
        level=level.name if level else None,
        colour=level.colour if level else None,
        topics_started=sum(t.mastery is not None for t in topics),
        topics_total=len(topics),
        topics=topics,
    )


def topic_status(topic: Topic, learner: Learner, mastery: Mastery | None, left: float | None) -> TopicStatus:
    record = learner.topics.get(topic.topic_id)
    return TopicStatus(
        topic_id=topic.topic_id,
        topic=topic.title,
        mastery=mastery.score if mastery else None,
        level=mastery.level.name if mastery else None,
        colour=mastery.level.colour if mastery else None,
        components=mastery.components if mastery else {},
        coverage=mastery.coverage if mastery else 0.0,
        attempts=record.attempts if record else 0,
        last_activity=record.last_activity if record else None,
        mastery_now=left,
    )
