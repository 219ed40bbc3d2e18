"""What to do next, and why: what is begun before what is new, in teaching order."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from functions.learning.curriculum import Course, course
from functions.learning.learner import Learner, LessonEntry, Review, Scored, TopicRecord
from functions.learning.mastery import assess, mastery_by_topic
from functions.learning.next_step import after, best_topic, missing_prerequisites

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
WITH_LESSONS = ("conditionals", "for-loops", "while-loops", "break-continue")


@pytest.fixture
def four_topics() -> Course:
    """The course as if lessons of just these topics were written."""
    by_id = {
        t.topic_id: replace(t, has_content=t.topic_id in WITH_LESSONS)
        for t in course().topics
    }  # fmt: skip
    modules = tuple(replace(m, topics=tuple(by_id[t.topic_id] for t in m.topics)) for m in course().modules)
    return Course(course().course_id, course().version, modules, by_id)


def learner(**passed: int) -> Learner:
    """A learner who did this many core exercises of a topic, and for 4 also took its quiz, with everything right."""
    made = Learner("maya")
    for name, count in passed.items():
        topic = course().topic(name.replace("_", "-"))
        quizzes = {"Q": Scored(NOON, "e", 100.0)} if count == 4 else {}
        quality = [Scored(NOON, "c", 100.0)] if count == 4 else []
        passed_exercises = dict.fromkeys(topic.core_exercises[:count], (NOON, "e"))
        record = TopicRecord(passed_exercises, quizzes, code_quality=quality, attempts=1)
        assess(record, topic.core_exercises)
        made.topics[topic.topic_id] = record
    return made


def entry(lesson_id: str, status: str, percentage: float, topic: str | None = "for-loops") -> LessonEntry:
    return LessonEntry(lesson_id, "python", topic, percentage, status)


def test_mastery_by_topic_leaves_out_topics_without_evidence() -> None:
    made = learner(for_loops=3)
    made.topics["lists"] = TopicRecord()
    assert {topic_id: m.score for topic_id, m in mastery_by_topic(made, course()).items()} == {"for-loops": 40.0}


def test_consistency_counts_with_the_streak_of_the_last_active_day() -> None:
    made = learner(for_loops=3)
    made.days = [(date(2020, 1, 1), date(2020, 1, 4))]
    assert mastery_by_topic(made, course())["for-loops"].score == 44.0


@pytest.mark.parametrize(("score", "missing"), [(None, True), (0.0, True), (40.0, True), (40.01, False)])
def test_a_prerequisite_is_missing_without_evidence_or_at_beginner(score: float | None, missing: bool) -> None:
    topic = course().topic("for-loops")
    known = {} if score is None else {"conditionals": score}
    assert missing_prerequisites(topic, known) == (("conditionals",) if missing else ())


def test_a_new_learner_starts_with_the_first_topic_that_has_lessons(four_topics: Course) -> None:
    step = after(Learner("maya"), four_topics, None, NOON)
    assert (step.action, step.topic) == ("start", "conditionals")
    assert step.reason == "Conditionals comes next: of what is new it is the first."


def test_the_weakest_topic_that_is_still_beginner_is_practised_before_anything_new(four_topics: Course) -> None:
    step = best_topic(learner(for_loops=3, conditionals=2), four_topics)
    assert (step.action, step.topic) == ("practise", "conditionals")
    assert step.reason == "Conditionals is begun and at 26.67 %; above 40 % others can build on it."


def test_what_is_beyond_beginner_does_not_keep_a_learner_from_what_is_new_and_is_practised_when_nothing_is(
    four_topics: Course,
) -> None:
    begun = learner(conditionals=4, for_loops=4)
    begun.topics["conditionals"].code_quality = []
    begun.topics["conditionals"].quizzes = {"Q": Scored(NOON, "e", 50.0)}
    assess(begun.topics["conditionals"], course().topic("conditionals").core_exercises)
    assert best_topic(begun, four_topics).topic == "while-loops"
    begun.topics |= learner(while_loops=4, break_continue=4).topics
    step = best_topic(begun, four_topics)
    assert (step.action, step.topic) == ("practise", "conditionals")
    assert step.reason == "Conditionals is at 55 %; above 70 % is Proficient."


def test_what_a_known_topic_builds_on_is_not_offered_as_new_before_what_follows() -> None:
    assert best_topic(learner(for_loops=4), course()).topic == "while-loops"


def test_the_topic_seen_last_comes_only_when_nothing_else_is_left(four_topics: Course) -> None:
    begun = learner(conditionals=4, for_loops=1)
    assert best_topic(begun, four_topics).topic == "for-loops"
    begun.topics["break-continue"] = learner(break_continue=2).topics["break-continue"]
    assert best_topic(begun, four_topics, just_seen="for-loops").topic == "break-continue"
    assert best_topic(learner(conditionals=1), four_topics, just_seen="conditionals").topic == "conditionals"


def test_a_lesson_that_was_completed_without_evidence_is_not_begun_again_and_what_builds_on_it_follows() -> None:
    made = Learner("maya")
    order = []
    for number in range(4):
        order.append(str(best_topic(made, course()).topic))
        made.lessons[f"l{number}"] = entry(f"l{number}", "completed", 100, order[-1])
    assert order == [topic.topic_id for topic in course().topics][:4]
    made.lessons = {"l": entry("l", "completed", 100)}
    assert best_topic(made, course()).topic == "while-loops"  # and not what comes before it


def test_a_lesson_that_was_completed_badly_is_practised() -> None:
    made = learner(for_loops=1)
    made.lessons["l"] = entry("l", "completed", 100)
    assert best_topic(made, course()).topic == "for-loops"


def test_who_completed_everything_without_evidence_begins_again_with_what_was_not_seen_last(
    four_topics: Course,
) -> None:
    made = Learner("maya")
    for topic_id in WITH_LESSONS:
        made.lessons[topic_id] = entry(topic_id, "completed", 100, topic_id)
    assert best_topic(made, four_topics, just_seen="conditionals").topic == "for-loops"


def test_when_what_is_begun_is_proficient_the_next_topic_with_met_prerequisites_follows(four_topics: Course) -> None:
    step = best_topic(learner(conditionals=4), four_topics)
    assert (step.action, step.topic) == ("next_lesson", "for-loops")
    assert step.reason == "For Loops comes next: its prerequisites are met."


def test_a_topic_whose_prerequisites_are_missing_waits(four_topics: Course) -> None:
    step = best_topic(learner(conditionals=4, for_loops=4), four_topics)
    assert step.topic == "while-loops"


def test_a_topic_without_lessons_is_never_chosen(four_topics: Course) -> None:
    step = best_topic(learner(variables=3, lists=1), four_topics)
    assert step.topic in WITH_LESSONS


def test_a_learner_who_is_proficient_everywhere_practises_the_weakest(four_topics: Course) -> None:
    made = learner(conditionals=4, for_loops=4, while_loops=4, break_continue=4)
    made.topics["while-loops"].code_quality = [Scored(NOON, "c", 60.0)]
    assess(made.topics["while-loops"], course().topic("while-loops").core_exercises)
    step = best_topic(made, four_topics)
    assert (step.action, step.topic) == ("practise", "while-loops")
    assert step.reason == "While Loops is your weakest topic, at 82 %."


def test_an_unfinished_lesson_is_continued_first(four_topics: Course) -> None:
    made = learner(conditionals=2)
    made.lessons["l1"] = entry("l1", "in_progress", 40)
    step = after(made, four_topics, made.lessons["l1"], NOON)
    assert (step.action, step.topic, step.reason) == ("continue_lesson", "for-loops", "This lesson is at 40 %.")


def test_without_a_lesson_in_particular_the_one_that_is_furthest_is_continued(four_topics: Course) -> None:
    made = Learner("maya")
    made.lessons = {"l1": entry("l1", "in_progress", 40), "l2": entry("l2", "in_progress", 80, "while-loops")}
    made.lessons["l3"] = entry("l3", "completed", 100)
    step = after(made, four_topics, None, NOON)
    assert (step.action, step.topic) == ("continue_lesson", "while-loops")


def test_after_a_completed_lesson_comes_the_best_topic_even_if_another_lesson_is_open(four_topics: Course) -> None:
    made = learner(conditionals=4)
    made.lessons = {"l1": entry("l1", "completed", 100), "l2": entry("l2", "in_progress", 80)}
    assert after(made, four_topics, made.lessons["l1"], NOON).action == "next_lesson"


def test_a_lesson_that_was_only_made_does_not_hide_what_comes_next(four_topics: Course) -> None:
    made = Learner("maya")
    made.lessons = {"l1": entry("l1", "not_started", 0)}
    assert after(made, four_topics, None, NOON).action == "next_lesson"


def test_a_topic_that_is_due_is_reviewed_before_anything_new_and_after_what_is_begun(four_topics: Course) -> None:
    made = learner(for_loops=4)
    made.lessons = {"l1": entry("l1", "completed", 100)}
    made.reviews = {
        "for-loops": Review(1.0, 5.0, NOON, NOON),
        "conditionals": Review(1.0, 5.0, NOON.max.replace(tzinfo=UTC), NOON),
    }
    step = after(made, four_topics, made.lessons["l1"], NOON)
    assert (step.action, step.topic) == ("review", "for-loops") and "2026-03-09" in step.reason
    made.lessons["l2"] = entry("l2", "in_progress", 20)
    assert after(made, four_topics, None, NOON).action == "continue_lesson"
