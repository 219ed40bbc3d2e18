"""Which lesson a learner gets who asked for no topic: due reviews first, then the best topic, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.learning.curriculum import course
from functions.learning.learner import Alert, Learner, LessonEntry, Review, Scored, TopicRecord, written
from functions.learning.lesson_choice import choose_lesson, just_seen
from functions.learning.mastery import assess

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def learner(**exercises_passed: int) -> Learner:
    made = Learner("maya")
    for name, count in exercises_passed.items():
        topic = course().topic(name.replace("_", "-"))
        record = TopicRecord(dict.fromkeys(topic.core_exercises[:count], (NOON, "e")), attempts=1)
        assess(record, topic.core_exercises)
        made.topics[topic.topic_id] = record
    return made


def beyond_beginner(topic_id: str) -> Learner:
    made = learner(**{topic_id.replace("-", "_"): 3})
    made.topics[topic_id].quizzes = {"Q": Scored(NOON, "e", 100.0)}
    assess(made.topics[topic_id], course().topic(topic_id).core_exercises)
    return made


def due(made: Learner, topic_id: str, ago: timedelta) -> None:
    made.reviews[topic_id] = Review(1.0, 5.0, NOON - ago, NOON - ago - timedelta(days=3))


def seen_last(made: Learner, topic_id: str) -> None:
    made.lessons["l1"] = LessonEntry("l1", "python", topic_id, 100.0, "completed", last_activity=NOON)


def choice(made: Learner, lesson_type: str | None = None) -> tuple[str, str, str]:
    chosen = choose_lesson(made, course(), lesson_type, NOON)
    return chosen.topic, chosen.lesson_type, chosen.reason


def test_what_is_due_longest_is_reviewed_before_anything_new() -> None:
    made = learner(for_loops=3, conditionals=3)
    due(made, "for-loops", timedelta(days=1))
    due(made, "conditionals", timedelta(days=2))
    assert choice(made) == ("conditionals", "review", "Conditionals is due for review since 2026-03-07.")


def test_the_topic_just_seen_is_not_reviewed_at_once_unless_a_review_is_asked_for() -> None:
    made = learner(for_loops=3)
    due(made, "for-loops", timedelta(days=1))
    seen_last(made, "for-loops")
    assert choice(made)[1] == "standard"
    assert choice(made, "review")[:2] == ("for-loops", "review")


def test_a_topic_of_which_a_lesson_waits_is_left_out_until_no_other_has_its_turn() -> None:
    made, order = beyond_beginner("for-loops"), []
    for number in range(3):
        order.append(choice(made)[0])
        made.lessons[f"w{number}"] = LessonEntry(f"w{number}", "python", order[-1])
    assert len(set(order)) == 3
    due(made, order[0], timedelta(days=1))
    assert choice(made)[1] == "standard"
    made.lessons["w0"].status = "completed"
    assert choice(made)[:2] == (order[0], "review")


def test_when_every_lesson_that_has_its_turn_waits_already_the_best_of_them_comes_again() -> None:
    made = beyond_beginner("conditionals")
    for number, topic in enumerate(course().topics):
        made.lessons[f"w{number}"] = LessonEntry(f"w{number}", "python", topic.topic_id)
    assert choice(made)[0] == "for-loops"


def test_what_was_worked_on_was_seen_and_not_what_was_prepared_for_it_at_the_same_moment() -> None:
    made = Learner("maya")
    seen_last(made, "for-loops")
    made.lessons["z"] = LessonEntry("z", "python", "while-loops", listed={"created_at": written(NOON)})
    assert just_seen(made) == "for-loops"


def test_an_explicit_standard_lesson_is_no_review() -> None:
    made = learner(for_loops=3)
    due(made, "for-loops", timedelta(days=1))
    assert choice(made, "standard")[1] == "standard"


def test_a_review_of_nothing_due_takes_what_was_practised_longest_ago() -> None:
    made = learner(for_loops=3, conditionals=3)
    due(made, "for-loops", timedelta(days=-1))
    due(made, "conditionals", timedelta(days=-2))
    because = "Nothing is due yet; you last practised For Loops on 2026-03-07."
    assert choice(made, "review") == ("for-loops", "review", because)


def test_a_remedial_lesson_is_on_the_topic_of_the_latest_alert_or_else_the_weakest() -> None:
    made = learner(for_loops=3, while_loops=1)
    assert choice(made, "remedial") == ("while-loops", "remedial", "While Loops is your weakest topic, at 13.33 %.")
    made.alerts = [
        Alert("a1", "l1", "while-loops", "low_quiz", "medium", [], NOON - timedelta(days=1)),
        Alert("a2", "l1", "for-loops", "low_quiz", "medium", [], NOON),
        Alert("a3", "l1", None, "says_stuck", "low", [], NOON + timedelta(days=1)),
    ]
    assert choice(made, "remedial") == ("for-loops", "remedial", "You had difficulty with For Loops lately.")


def test_a_challenge_is_on_the_strongest_topic() -> None:
    made = learner(for_loops=3, while_loops=1)
    assert choice(made, "challenge") == ("for-loops", "challenge", "For Loops is your strongest topic, at 40 %.")


@pytest.mark.parametrize("lesson_type", [None, "standard", "review", "remedial", "challenge"])
def test_a_new_learner_gets_the_first_topic_whatever_the_type(lesson_type: str | None) -> None:
    first = next(topic for topic in course().topics if topic.has_content)
    topic, kind, reason = choice(Learner("maya"), lesson_type)
    assert (topic, kind) == (first.topic_id, lesson_type or "standard")
    assert reason.startswith(f"{first.title} comes next")


def test_a_topic_that_the_course_dropped_is_not_chosen() -> None:
    made = learner(for_loops=3)
    due(made, "dropped", timedelta(days=9))
    made.alerts = [Alert("a1", "l1", "dropped", "low_quiz", "medium", [], NOON)]
    for lesson_type in (None, "review", "remedial"):
        assert choice(made, lesson_type)[0] in course().by_id
