"""Folding facts into a learner: completion, evidence, streak, reviews. Any order of the same facts gives one learner.

Most folds do not care about order. What does (a review after an earlier one, a day in a time zone that is named later,
evidence that is taken back) is folded anew from the whole ledger, in the order in which it happened.
"""

from collections.abc import Iterable

from functions.learning import reviews, streak
from functions.learning.curriculum import Course
from functions.learning.facts import PROGRESS, VOID, Fact, in_order, line_of, voided
from functions.learning.learner import Learner, LessonEntry, Scored, TopicRecord
from functions.learning.mastery import assess, required_of
from functions.learning.quizzes import seal_quizzes, was_sealed

STATUSES = ("not_started", "in_progress", "completed")
REFOLDED = (
    "figures", "topics", "reviews", "days", "longest_before", "timezone", "timezone_key", "time_on_task_seconds",
)  # fmt: skip


def contradiction(progress_percentage: float | None, status: str | None) -> str | None:
    """Why the two cannot both be true, or None."""
    if progress_percentage is None or status is None:
        return None
    fitting = {"not_started": progress_percentage == 0, "completed": progress_percentage == 100}
    if fitting.get(status, progress_percentage < 100):
        return None
    return f"{status} contradicts a progress of {progress_percentage:g} %"


def entry_for(learner: Learner, lesson_id: str, course_id: str, topic: str | None) -> LessonEntry:
    """The lesson's entry, made if absent; a topic learnt later is filled in."""
    entry = learner.lessons.setdefault(lesson_id, LessonEntry(lesson_id, course_id, topic))
    if entry.topic is None:
        entry.topic = topic
    return entry


def fold(learner: Learner, facts: Iterable[Fact], course: Course) -> None:
    """Adds facts to the figures. They must not be such that `needs_ledger` says so."""
    learner.figures, added = course.version, list(facts)
    fold_unsealed(learner, added, course)
    for topic_id in {fact.topic for fact in added} & learner.topics.keys():
        seal_quizzes(learner.topics[str(topic_id)])  # last: before, a quiz that is taken again must still be found


def fold_unsealed(learner: Learner, facts: Iterable[Fact], course: Course) -> None:
    """The same, with every quiz of a topic kept: for a ledger that is folded piece by piece."""
    for fact in in_order(facts):
        if fact.kind == PROGRESS:
            _progress(learner, fact)
        elif fact.kind != VOID and fact.topic is not None:
            _evidence(learner, fact.topic, fact, course)


def record(learner: Learner, facts: list[Fact], course: Course, ledger: Iterable[Fact] | None) -> None:
    """Takes facts into the learner and the ledger. `ledger`: all facts before, where `needs_ledger` asks for them."""
    if ledger is None:
        fold(learner, facts, course)
    else:
        fold_lessons(learner, facts)
        refold(learner, [*ledger, *facts], course)
    learner.ledger += map(line_of, facts)


def needs_ledger(learner: Learner, facts: Iterable[Fact], course: Course) -> bool:
    """Whether these facts can be added only by folding the whole ledger anew.

    So it is for evidence older than what its topic has, for evidence that is taken back, for a time zone that moves
    days already counted, and when the curriculum is another one than that of the figures.
    """
    return (learner.figures not in ("", course.version)) or any(_out_of_order(learner, fact) for fact in facts)


def rebuild(user_id: str, facts: Iterable[Fact], course: Course) -> Learner:
    """A learner's figures from the ledger alone."""
    ledger = in_order(facts)
    gone = voided(ledger)
    learner = Learner(user_id, figures=course.version)
    for fact in ledger:
        if fact.data.get("timezone"):
            learner.timezone, learner.timezone_key = fact.data["timezone"], fact.key
        if fact.kind == VOID and fact.topic is not None:
            learner.topics.setdefault(fact.topic, TopicRecord())  # stays, perhaps empty: its row has to be emptied too
    fold(learner, [fact for fact in ledger if fact.id not in gone], course)
    return learner


def refold(learner: Learner, facts: Iterable[Fact], course: Course) -> None:
    """Replaces the figures that depend on order by those of the whole ledger; lessons are folded as they come."""
    folded = rebuild(learner.user_id, facts, course)
    for name in REFOLDED:
        setattr(learner, name, getattr(folded, name))


def fold_lessons(learner: Learner, facts: Iterable[Fact]) -> None:
    """Only what facts say of lessons: of completion, whose order never matters."""
    for fact in facts:
        if fact.kind == PROGRESS:
            complete(entry_for(learner, fact.lesson_id, fact.data["course_id"], fact.topic), fact)


def complete(entry: LessonEntry, fact: Fact) -> None:
    """Completion never falls; it is dated by its earliest report, in whatever order reports arrive."""
    percentage, status = fact.data.get("progress_percentage"), fact.data.get("status")
    completed = status == "completed" or percentage == 100
    entry.progress_percentage = max(entry.progress_percentage, 100.0 if completed else percentage or 0.0)
    if completed:
        entry.completed_at = min(filter(None, (entry.completed_at, fact.at)))
    started = status == "in_progress" or entry.progress_percentage > 0
    reached = "completed" if entry.completed_at else "in_progress" if started else "not_started"
    entry.status = max(entry.status, reached, key=STATUSES.index)
    entry.last_activity = max(filter(None, (entry.last_activity, fact.at)))
    metrics = fact.data.get("achievement_metrics")
    if metrics and (entry.metrics_key is None or fact.key > entry.metrics_key):
        entry.achievement_metrics, entry.metrics_key = metrics, fact.key


def _progress(learner: Learner, fact: Fact) -> None:
    fold_lessons(learner, [fact])
    zone = fact.data.get("timezone")
    if zone and (learner.timezone_key is None or fact.key > learner.timezone_key):
        learner.timezone, learner.timezone_key = zone, fact.key
    runs = streak.add_day(learner.days, streak.day_of(fact.at, learner.timezone))
    learner.days, learner.longest_before = streak.shortened(runs, learner.longest_before)


def _evidence(learner: Learner, topic_id: str, fact: Fact, course: Course) -> None:
    record = learner.topics.setdefault(topic_id, TopicRecord())
    record.attempts += 1
    record.last_activity = max(filter(None, (record.last_activity, fact.at)))
    # in whole milliseconds: a sum of binary fractions would depend on the order of its parts
    learner.time_on_task_seconds = round(learner.time_on_task_seconds + round(fact.data.get("seconds", 0.0), 3), 3)
    score = fact.score
    if fact.component is None or score is None:
        return
    record.counts[fact.component] = record.counts.get(fact.component, 0) + 1
    record.latest = fact.key
    if fact.passed:
        record.passed.setdefault(fact.data["exercise_id"], fact.key)
    elif fact.kind == "quiz":
        record.quizzes[fact.data["quiz_id"]] = Scored(*fact.key, score)  # later than any attempt before
    elif fact.kind == "code_quality":
        record.code_quality = [*record.code_quality, Scored(*fact.key, score)][-5:]
    if fact.kind in reviews.RATED:
        learner.reviews[topic_id] = reviews.reviewed(learner.reviews.get(topic_id), score, fact.at)
    assess(record, required_of(course, topic_id))


def _out_of_order(learner: Learner, fact: Fact) -> bool:
    if fact.kind == VOID:
        return True
    if fact.kind == PROGRESS:
        return _moves_days(learner, fact)
    record = learner.topics.get(fact.topic or "")
    if record is None or fact.component is None:
        return False
    late = record.latest is not None and fact.key < record.latest
    return late or (fact.kind == "quiz" and was_sealed(record, fact.data["quiz_id"]))


def _moves_days(learner: Learner, fact: Fact) -> bool:
    zone = fact.data.get("timezone") or learner.timezone
    latest = learner.timezone_key is None or fact.key > learner.timezone_key
    if zone != learner.timezone and latest and learner.days:
        return True
    day = streak.day_of(fact.at, learner.timezone)
    known = any(first <= day <= last for first, last in learner.days)
    return bool(learner.longest_before) and not known and day < learner.days[-1][0]
