"""The brief of a lesson: what a learner's document says that it should be fitted to."""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.learning.curriculum import content, course
from functions.learning.learner import Alert, Learner, Watch, written
from functions.learning.lessons.briefing import brief_for, recent_errors

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def error(name: str, minute: int) -> dict[str, Any]:
    return {
        "evidence_id": name,
        "kind": "execution",
        "at": written(NOON + timedelta(minutes=minute)),
        "error_type": name,
    }


def test_recent_errors_are_those_of_the_topic_first_then_others_that_it_is_about_the_newest_first() -> None:
    made = Learner("maya")
    made.watch["for-loops"] = Watch(errors=[error("NameError", 1), error("TypeError", 2), error("NameError", 3)])
    made.watch["lists"] = Watch(errors=[error("IndexError", 5)])
    repeated = [error("ValueError", 4)]
    made.alerts = [Alert("a", "l", "lists", "repeated_error", "medium", repeated, NOON)]
    named = {"IndexError", "ValueError"}
    assert recent_errors(made, "for-loops", named) == ("NameError", "TypeError", "IndexError", "ValueError")
    assert recent_errors(made, "for-loops", {"ValueError"}) == ("NameError", "TypeError", "ValueError")


def test_evidence_of_other_alerts_names_no_error() -> None:
    made = Learner("maya")
    made.alerts = [Alert("a", "l", "lists", "low_quiz", "medium", [{"evidence_id": "q", "score": 20}], NOON)]
    assert recent_errors(made, "lists", set()) == ()


def test_a_new_learner_is_a_beginner_who_misses_the_prerequisites() -> None:
    brief = brief_for(Learner("maya"), course(), course().topic("for-loops"), content("for-loops"), "standard")
    assert (brief.level, brief.mastery, brief.weak_topics) == ("beginner", None, ())
    assert brief.missing_prerequisites == ("conditionals",)


def test_a_difficulty_that_is_asked_for_is_given() -> None:
    brief = brief_for(
        Learner("maya"), course(), course().topic("for-loops"), content("for-loops"), "standard", "advanced"
    )
    assert brief.level == "advanced"
