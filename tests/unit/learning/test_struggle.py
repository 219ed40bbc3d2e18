"""Seeing that a learner is stuck: each trigger at its edge, one open alert of each kind, a memory that stays small."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.learning.curriculum import course
from functions.learning.facts import Fact
from functions.learning.learner import Alert, Learner
from functions.learning.progress import record
from functions.learning.struggle import Sighting, detect

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEP = 4  # tests of `sum-to-n`


class Desk:
    """A learner at work: each piece of evidence is recorded, then looked at, as the handler does."""

    def __init__(self) -> None:
        self.learner = Learner("maya")
        self.number = 0

    def see(self, kind: str, at: timedelta = timedelta(0), topic: str = "for-loops", **data: Any) -> list[Sighting]:
        return self.see_all([(kind, data)], at, topic)

    def see_all(
        self, pieces: list[tuple[str, dict[str, Any]]], at: timedelta = timedelta(0), topic: str = "for-loops"
    ) -> list[Sighting]:
        self.number += 1
        own = Fact(f"u{self.number}", NOON + at, "progress", "l1", topic, {"course_id": "python"})
        evidence = [
            Fact(f"e{self.number}-{n}", NOON + at, kind, "l1", topic, data) for n, (kind, data) in enumerate(pieces)
        ]
        record(self.learner, [own, *evidence], course(), None)
        return detect(self.learner, [own, *evidence], lambda *facts: "/".join(facts), NOON + timedelta(days=1))

    def error(self, at: timedelta = timedelta(0), name: str = "NameError", **more: Any) -> list[str]:
        return fired(self.see("execution", at, ok=False, error_type=name, **more))

    def fail(self, times: int = 1, **more: Any) -> list[str]:
        return [trigger for _ in range(times) for trigger in fired(self.see("execution", ok=False, **more))]

    def wrong(self, at: timedelta = timedelta(0), number: int = 1, score: float = 60, **more: Any) -> list[str]:
        questions = [f"q{n}" for n in range(number)]
        return fired(self.see("quiz", at, quiz_id="Q", score=score, wrong=questions, **more))

    def spend(self, seconds: float, exercise_id: str = "sum-to-n", **more: Any) -> list[str]:
        return fired(self.see("time_on_task", seconds=seconds, exercise_id=exercise_id, **more))

    def solve(self, passed_tests: int = STEP, exercise_id: str = "sum-to-n") -> list[str]:
        return fired(self.see("exercise", exercise_id=exercise_id, passed_tests=passed_tests, total_tests=STEP))

    def resolve(self) -> None:
        for alert in self.learner.alerts:
            alert.state = "resolved"
        self.learner.resolved_alerts += self.learner.alerts
        self.learner.alerts = []


def fired(sightings: list[Sighting]) -> list[str]:
    return [sighting.alert.trigger for sighting in sightings]


@pytest.fixture
def desk() -> Desk:
    return Desk()


# The same error three times


def test_the_third_error_of_a_type_opens_an_alert(desk: Desk) -> None:
    assert (desk.error(), desk.error()) == ([], [])
    [sighting] = desk.see("execution", ok=False, error_type="NameError")
    assert sighting == Sighting(
        Alert(
            alert_id="for-loops/repeated_error/e3-0",
            lesson_id="l1",
            topic="for-loops",
            trigger="repeated_error",
            severity="medium",
            evidence=[
                {"evidence_id": f"e{n}-0", "kind": "execution", "at": NOON.isoformat(), "error_type": "NameError"}
                for n in (1, 2, 3)
            ],
            opened_at=NOON + timedelta(days=1),
        ),
        new=True,
    )


@pytest.mark.parametrize(
    ("third", "expected"), [(30 * MINUTE, ["repeated_error"]), (30 * MINUTE + timedelta(seconds=1), [])]
)
def test_errors_count_for_thirty_minutes(desk: Desk, third: timedelta, expected: list[str]) -> None:
    desk.error(0 * MINUTE)
    desk.error(15 * MINUTE)
    assert desk.error(third) == expected


def test_the_window_is_of_when_errors_happened_not_of_when_they_arrived(desk: Desk) -> None:
    desk.error(31 * MINUTE)
    desk.error(32 * MINUTE)
    assert desk.error(0 * MINUTE) == []  # reported late
    assert desk.error(33 * MINUTE) == ["repeated_error"]


def test_errors_of_other_types_and_topics_are_counted_apart(desk: Desk) -> None:
    for name in ("NameError", "TypeError", "NameError", "TypeError"):
        assert desk.error(name=name) == []
    desk = Desk()
    assert [desk.error(topic=topic) for topic in ("for-loops", "while-loops", "for-loops")] == [[], [], []]


def test_a_run_without_an_error_type_is_no_repeated_error(desk: Desk) -> None:
    assert desk.fail(4) == []


def test_a_run_that_passes_forgives_errors(desk: Desk) -> None:
    desk.error()
    desk.error()
    desk.see("execution", ok=True)
    assert (desk.error(), desk.error()) == ([], [])


def test_an_exercise_that_passes_forgives_errors_and_one_that_fails_does_not(desk: Desk) -> None:
    desk.error()
    desk.error()
    desk.solve(STEP - 1)
    assert desk.error() == ["repeated_error"]
    desk.error()
    desk.error()
    desk.solve()
    assert desk.error() == []


# More than ten minutes on one exercise


@pytest.mark.parametrize(("seconds", "expected"), [(600, []), (600.001, ["stuck"])])
def test_more_than_ten_minutes_on_an_exercise_is_stuck(desk: Desk, seconds: float, expected: list[str]) -> None:
    assert desk.spend(seconds) == expected


@pytest.mark.parametrize("step", [60, 1, 0.5, 0.1])
def test_time_on_an_exercise_adds_up_and_exactly_ten_minutes_are_not_more(desk: Desk, step: float) -> None:
    pieces = [("time_on_task", {"seconds": step, "exercise_id": "sum-to-n"})] * round(600 / step)
    assert desk.see_all(pieces) == []
    assert desk.spend(0.001) == ["stuck"]


def test_time_adds_up_over_days(desk: Desk) -> None:
    assert [desk.spend(300, at=timedelta(days=n)) for n in range(3)] == [[], [], ["stuck"]]


def test_time_on_other_exercises_or_on_none_is_apart(desk: Desk) -> None:
    desk.spend(400)
    assert desk.spend(400, "stars-in-a-row") == []
    assert fired(desk.see("time_on_task", seconds=3_600)) == []


def test_an_exercise_once_passed_is_not_stuck_any_more(desk: Desk) -> None:
    desk.spend(590)
    desk.solve()
    assert desk.spend(3_600) == []
    assert desk.learner.watch == {}


def test_time_reported_together_with_the_pass_is_not_stuck(desk: Desk) -> None:
    solved = {"exercise_id": "sum-to-n", "passed_tests": STEP, "total_tests": STEP}
    spent = {"seconds": 900, "exercise_id": "sum-to-n"}
    assert desk.see_all([("time_on_task", spent), ("exercise", solved)]) == []


# A low quiz


@pytest.mark.parametrize(
    ("score", "severity"), [(50.0, None), (49.99, "medium"), (25.0, "medium"), (24.99, "high"), (0.0, "high")]
)
def test_a_quiz_below_fifty_is_low_and_below_twenty_five_severe(desk: Desk, score: float, severity: str | None) -> None:
    found = desk.see("quiz", quiz_id="Q", score=score)
    assert [(s.alert.trigger, s.alert.severity) for s in found] == ([("low_quiz", severity)] if severity else [])


def test_a_quiz_that_could_not_be_graded_is_not_low(desk: Desk) -> None:
    assert desk.see("quiz", quiz_id="Q", answers={"gone": "x"}) == []


# Says so


def test_a_message_that_says_so_opens_a_mild_alert_without_the_learners_words(desk: Desk) -> None:
    [sighting] = desk.see("message", text="I am Maya Smith and I’m really stuck!")  # noqa: RUF001
    assert (sighting.alert.trigger, sighting.alert.severity) == ("says_stuck", "low")
    assert sighting.alert.evidence == [
        {"evidence_id": "e1-0", "kind": "message", "at": NOON.isoformat(), "phrase": "i'm really stuck"}
    ]


def test_a_message_that_does_not_say_so_opens_none(desk: Desk) -> None:
    assert desk.see("message", text="I'm not stuck") == []


# Five failed runs in a row


def test_the_fifth_failed_run_in_a_row_opens_an_alert(desk: Desk) -> None:
    assert desk.fail(4) == []
    assert desk.fail() == ["failed_runs"]
    assert len(desk.learner.alerts[0].evidence) == 5


def test_failed_runs_in_a_row_have_no_window(desk: Desk) -> None:
    found = [fired(desk.see("execution", timedelta(days=n), ok=False)) for n in range(5)]
    assert found == [[], [], [], [], ["failed_runs"]]


def test_a_run_or_an_exercise_that_passes_ends_the_row(desk: Desk) -> None:
    desk.fail(4)
    desk.see("execution", ok=True)
    assert desk.fail(4) == []
    desk.solve()
    assert desk.fail(4) == []
    desk.solve(STEP - 1)
    assert desk.fail() == ["failed_runs"]


def test_failed_runs_of_other_topics_are_another_row(desk: Desk) -> None:
    desk.fail(4)
    assert desk.fail(4, topic="while-loops") == []


def test_one_run_can_show_two_things(desk: Desk) -> None:
    desk.fail(2)
    desk.error()
    desk.error()
    assert desk.error() == ["failed_runs", "repeated_error"]


# Three wrong answers in a topic


def test_the_third_wrong_answer_in_a_topic_opens_an_alert_over_quizzes(desk: Desk) -> None:
    assert (desk.wrong(), desk.wrong()) == ([], [])
    assert desk.wrong() == ["wrong_answers"]
    assert [piece["question_id"] for piece in desk.learner.alerts[0].evidence] == ["q0"] * 3


def test_three_wrong_answers_of_one_quiz_are_enough(desk: Desk) -> None:
    assert desk.wrong(number=2) == []
    assert Desk().wrong(number=3) == ["wrong_answers"]


@pytest.mark.parametrize(
    ("third", "expected"), [(30 * MINUTE, ["wrong_answers"]), (30 * MINUTE + timedelta(seconds=1), [])]
)
def test_wrong_answers_count_for_thirty_minutes(desk: Desk, third: timedelta, expected: list[str]) -> None:
    desk.wrong(0 * MINUTE)
    desk.wrong(15 * MINUTE)
    assert desk.wrong(third) == expected


@pytest.mark.parametrize(("score", "expected"), [(70, []), (69.99, ["wrong_answers"])])
def test_a_good_quiz_forgives_wrong_answers(desk: Desk, score: float, expected: list[str]) -> None:
    desk.wrong(number=2)
    desk.wrong(number=0, score=score)
    assert desk.wrong() == expected


def test_wrong_answers_of_a_good_quiz_are_not_held_against_the_learner(desk: Desk) -> None:
    assert desk.wrong(number=3, score=80) == []


def test_a_low_quiz_with_three_wrong_answers_shows_two_things(desk: Desk) -> None:
    assert desk.wrong(number=3, score=40) == ["low_quiz", "wrong_answers"]


def test_wrong_answers_of_other_topics_are_counted_apart(desk: Desk) -> None:
    desk.wrong(number=2)
    assert desk.wrong(number=2, topic="while-loops") == []


# One open alert per learner, topic and trigger


def test_what_is_seen_again_is_the_same_alert_and_not_new(desk: Desk) -> None:
    [first] = desk.see("quiz", quiz_id="Q", score=30)
    [again] = desk.see("quiz", quiz_id="Q", score=10)
    assert (first.new, again.new, again.alert.alert_id) == (True, False, first.alert.alert_id)
    assert (again.alert.severity, len(desk.learner.alerts)) == ("medium", 1)


def test_an_alert_that_one_update_shows_twice_is_named_once_and_as_new(desk: Desk) -> None:
    [sighting] = desk.see_all([("message", {"text": "I'm stuck"}), ("message", {"text": "help me"})])
    assert sighting.new


def test_alerts_of_other_topics_and_triggers_stand_beside_it(desk: Desk) -> None:
    found = [
        *desk.see("quiz", quiz_id="Q", score=30),
        *desk.see("quiz", quiz_id="Q", score=30, topic="while-loops"),
        *desk.see("message", text="I'm stuck"),
    ]
    assert [sighting.new for sighting in found] == [True, True, True]
    assert len({sighting.alert.alert_id for sighting in found}) == 3


def test_an_alert_that_was_acknowledged_is_still_the_one(desk: Desk) -> None:
    [first] = desk.see("quiz", quiz_id="Q", score=30)
    first.alert.state = "acknowledged"
    [again] = desk.see("quiz", quiz_id="Q", score=30)
    assert (again.new, again.alert) == (False, first.alert)


def test_after_one_is_resolved_another_needs_as_much_evidence_anew(desk: Desk) -> None:
    desk.fail(5)
    desk.wrong(number=3)
    desk.error()
    desk.error()
    desk.error()
    desk.spend(601)
    first = {alert.trigger: alert.alert_id for alert in desk.learner.alerts}
    assert first.keys() == {"failed_runs", "wrong_answers", "repeated_error", "stuck"}
    desk.resolve()
    desk.see("execution", ok=True)
    assert desk.fail(4) + desk.wrong(number=2) + desk.spend(600) == []
    assert desk.fail() + desk.wrong() + desk.spend(1) == ["failed_runs", "wrong_answers", "stuck"]
    assert not {alert.alert_id for alert in desk.learner.alerts} & set(first.values())


def test_progress_alone_raises_nothing(desk: Desk) -> None:
    assert desk.see_all([]) == []
    assert (desk.learner.alerts, desk.learner.watch) == ([], {})


def test_evidence_that_is_taken_back_raises_nothing(desk: Desk) -> None:
    void = Fact("v", NOON, "void", "l1", "for-loops", {"evidence_id": "e", "reason": "I'm stuck", "by": "t"})
    assert detect(desk.learner, [void], lambda *_: "id", NOON) == []


# What is remembered stays small


def size(desk: Desk) -> int:
    return len(json.dumps(asdict(desk.learner)["watch"], default=str))


def test_a_front_end_that_reports_all_the_time_does_not_fill_the_memory(desk: Desk) -> None:
    for second in range(0, 86_400, 20):
        at, name = timedelta(seconds=second), f"Error{second}"
        watch_only = [
            ("execution", {"ok": False, "error_type": name, "exercise_id": "sum-to-n"}),
            ("time_on_task", {"seconds": 1, "exercise_id": "sum-to-n"}),
            ("quiz", {"quiz_id": "Q", "score": 60, "wrong": ["q1"]}),
        ]
        facts = [Fact(f"{second}-{n}", NOON + at, k, "l1", "for-loops", d) for n, (k, d) in enumerate(watch_only)]
        detect(desk.learner, facts, lambda *facts: "/".join(facts), NOON)
        assert size(desk) < 8_000
    assert {alert.trigger for alert in desk.learner.alerts} == {"failed_runs", "stuck", "wrong_answers"}
    assert max(len(alert.evidence) for alert in desk.learner.alerts) <= 6


def test_an_alert_tells_all_the_seconds_that_were_merged_into_its_evidence(desk: Desk) -> None:
    for _ in range(601):
        desk.spend(1)
    [alert] = desk.learner.alerts
    assert sum(piece["seconds"] for piece in alert.evidence) == 601
    assert len(alert.evidence) == 5


def test_a_topic_with_nothing_to_watch_is_not_remembered(desk: Desk) -> None:
    desk.fail(2)
    desk.see("execution", ok=True)
    assert desk.learner.watch == {}
