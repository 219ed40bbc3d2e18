"""A learner over all modules, as `GET /status` shows them."""

from datetime import datetime

from functions.get_status.explaining import explained
from functions.get_status.figures import module_status
from functions.get_status.lesson_rows import Page
from functions.get_status.models import DueReview, HistoryPoint, LearnerStatus, Step, Streak
from functions.learning import next_step, reviews, streak
from functions.learning.curriculum import course
from functions.learning.history import Point, remembered
from functions.learning.learner import Learner, LessonEntry, counts
from functions.learning.levels import level_of
from functions.learning.mastery import Mastery, mean_score
from functions.usecases.alert_models import alert_answer


def overview(
    learner: Learner,
    mastery: dict[str, Mastery],
    page: Page,
    now: datetime,
    *,
    explain: bool,
    history: list[Point] | None,
) -> LearnerStatus:
    """`history`: the points, where they were asked for."""
    left = remembered(learner, mastery, now) if history is not None else {}
    modules = [module_status(module, learner, mastery, left) for module in course().modules]
    overall = mean_score(m.score for m in mastery.values()) or 0.0
    number = counts(learner)
    return LearnerStatus(
        user_id=learner.user_id,
        status=_overall(number),
        overall_mastery=overall,
        level=level_of(overall).name,
        colour=level_of(overall).colour,
        topics_started=sum(module.topics_started for module in modules),
        topics_total=sum(module.topics_total for module in modules),
        modules=modules,
        all_lessons_progress=page[0],
        next_cursor=page[1],
        counts=number,
        streak=Streak(
            current=streak.current(learner.days, streak.day_of(now, learner.timezone)),
            longest=streak.longest(learner.days, learner.longest_before),
            timezone=learner.timezone,
        ),
        time_on_task_seconds=learner.time_on_task_seconds,
        due_reviews=_due(learner, now),
        alerts=[alert_answer(learner.user_id, alert) for alert in learner.alerts],
        next_step=step(learner, None, now),
        as_of=now,
        version=learner.version,
        explain=explained(learner, mastery, mastery) if explain else None,
        history=[_point(point) for point in history] if history is not None else None,
        mastery_now=(mean_score(left.values()) or 0.0) if history is not None else None,
    )


def step(learner: Learner, entry: LessonEntry | None, now: datetime) -> Step:
    """What to do next."""
    found = next_step.after(learner, course(), entry, now)
    return Step(action=found.action, topic=found.topic, reason=found.reason)


def _overall(number: dict[str, int]) -> str:
    if number["total"] and number["completed"] == number["total"]:
        return "completed"
    return "in_progress" if number["completed"] + number["in_progress"] else "not_started"


def _due(learner: Learner, now: datetime) -> list[DueReview]:
    known = [topic_id for topic_id in reviews.due(learner.reviews, now) if topic_id in course().by_id]
    return [
        DueReview(
            topic_id=topic_id,
            topic=course().topic(topic_id).title,
            due=learner.reviews[topic_id].due,
            overdue_days=(now - learner.reviews[topic_id].due).days,
        )
        for topic_id in known
    ]


def _point(point: Point) -> HistoryPoint:
    return HistoryPoint(date=point.day, overall_mastery=point.overall_mastery, level=point.level)
