"""Maya's story and James's (spec section 4), call by call: embedded, on the stack, on Kubernetes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.learning.curriculum import Topic, course
from tests.support.backends import Backend, eventually, new_learner

Json = dict[str, Any]
FOR_LOOPS, LISTS = course().topic("for-loops"), course().topic("lists")


def lesson_of(backend: Backend, user: str, topic: Topic) -> Json:
    answer = backend.post("/generate-lesson", {"user_id": user, "topic": topic.topic_id})
    assert answer.status_code == 201, answer.text
    lesson: Json = answer.json()
    return lesson


def report(backend: Backend, user: str, lesson: Json, *evidence: Json, **fields: object) -> Json:
    body = {"user_id": user, "lesson_id": lesson["lesson_id"], "evidence": evidence} | fields
    answer = backend.post("/update-progress", body)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def passed(exercise_id: str) -> Json:
    tests = FOR_LOOPS.exercises[exercise_id].tests
    return {"kind": "exercise", "exercise_id": exercise_id, "passed_tests": tests, "total_tests": tests}


def answered(lesson: Json, right: int, **fields: str) -> Json:
    """The lesson's quiz of five, this many answers right and the others wrong."""
    asked = [question["question_id"] for question in lesson["quiz"]]
    assert len(asked) == 5
    topic = course().topic(lesson["curriculum_elements"]["topic_id"])
    keys = [topic.questions[question_id] for question_id in asked]
    texts = [str(key.correct or key.expected_output or key.accepted[0]) for key in keys]
    answers = {q: text if n < right else "nonsense" for n, (q, text) in enumerate(zip(asked, texts, strict=True))}
    return {"kind": "quiz", "answers": answers} | fields


def test_maya_who_works_for_four_days_goes_from_60_to_68(everywhere: Backend) -> None:
    maya, today = new_learner("maya"), datetime.now(UTC)
    lesson = lesson_of(everywhere, maya, FOR_LOOPS)
    for days, exercise_id in zip((3, 2, 1), FOR_LOOPS.core_exercises, strict=True):
        earlier = (today - timedelta(days=days)).isoformat()
        report(everywhere, maya, lesson, passed(exercise_id), occurred_at=earlier, timezone="UTC")
    first = report(everywhere, maya, lesson, {"kind": "quiz", "quiz_id": "Q", "score": 53.33})
    assert (first["mastery"]["after"], first["mastery"]["level"]) == (60.0, "Learning")
    assert first["mastery"]["components"] == {
        "exercises": 100.0, "quiz": 53.33, "code_quality": 0.0, "consistency": 40.0,
    }  # fmt: skip
    second = report(everywhere, maya, lesson, answered(lesson, 4, quiz_id="Q"))
    assert (second["mastery"]["before"], second["mastery"]["after"]) == (60.0, 68.0)
    assert second["streak"] == {"current": 4, "longest": 4}

    status = everywhere.get("/status", user_id=maya, explain=True, include="history").json()
    explained = status["explain"]["topics"]["for-loops"]
    assert explained["formula"] == (
        "0.4 x 100 exercises + 0.3 x 80 quiz + 0.2 x 0 code quality + 0.1 x 40 consistency = 68"
    )
    assert len(status["history"]) == 4 and status["history"][-1]["overall_mastery"] == 68.0
    assert status["overall_mastery"] == 68.0 and status["alerts"] == []

    def in_class() -> Json:
        [row] = everywhere.get("/status/class", user_ids=maya).json()["learners"]
        shown: Json = row
        return shown if row["overall_mastery"] == 68.0 else {}

    row = eventually(in_class, 120)
    assert (row["state"], row["level"], row["streak_days"], row["reasons"]) == ("active", "Learning", 4, [])


def test_james_who_answers_wrong_again_and_again_is_seen_by_his_teacher_and_has_one_remedial_lesson(
    everywhere: Backend,
) -> None:
    james, other, class_id = new_learner("james"), new_learner("lin"), new_learner("class")
    lesson = lesson_of(everywhere, james, LISTS)
    assert report(everywhere, james, lesson, answered(lesson, 3))["struggle"] == []
    [struggle] = report(everywhere, james, lesson, answered(lesson, 3))["struggle"]
    assert (struggle["trigger"], struggle["topic"], struggle["new"]) == ("wrong_answers", "lists", True)
    later = report(everywhere, james, lesson, answered(lesson, 2))["struggle"]
    assert [(s["trigger"], s["new"]) for s in later] == [("low_quiz", True), ("wrong_answers", False)]

    made = everywhere.request(
        "PUT", f"/classes/{class_id}", json={"title": "Evening class", "user_ids": [other, james]}
    )
    assert made.status_code == 201, made.text

    def listed() -> list[Json]:
        alerts: list[Json] = everywhere.get("/alerts", class_id=class_id, state="open").json()["alerts"]
        return alerts if len(alerts) == 2 else []

    low_quiz, wrong_answers = eventually(listed, 120)
    assert (low_quiz["trigger"], wrong_answers["trigger"]) == ("low_quiz", "wrong_answers")
    assert {seen["kind"] for seen in wrong_answers["evidence"]} == {"quiz"} and len(wrong_answers["evidence"]) >= 3

    def first_to_help() -> Json:
        first: Json = everywhere.get("/status/class", class_id=class_id).json()["learners"][0]
        return first if first["open_alerts"] == 2 else {}

    helped = eventually(first_to_help, 120)
    assert helped["user_id"] == james and "Lists: three wrong quiz answers." in helped["reasons"]

    path = f"/alerts/{low_quiz['alert_id']}"
    acknowledged = everywhere.post(f"{path}/acknowledge", {"by": "ms-lee"}).json()
    assert (acknowledged["state"], acknowledged["acknowledged_by"]) == ("acknowledged", "ms-lee")
    resolved = everywhere.post(f"{path}/resolve", {"by": "ms-lee", "note": "went through it together"}).json()
    assert (resolved["state"], resolved["resolved_by"], resolved["note"]) == (
        "resolved", "ms-lee", "went through it together",
    )  # fmt: skip
    [left] = everywhere.get("/status", user_id=james).json()["alerts"]
    assert left["alert_id"] == wrong_answers["alert_id"]

    def remedial() -> list[Json]:
        rows: list[Json] = everywhere.get("/lessons", user_id=james, lesson_type="remedial").json()["lessons"]
        return rows

    [ready] = eventually(remedial, 120)
    assert (ready["topic"], ready["requested_by"]) == ("lists", "alert")
    why = everywhere.get(f"/lessons/{ready['lesson_id']}").json()["personalisation"]["reasons"]
    assert "Written because of three wrong quiz answers in Lists." in why
    # his events come in order: when this one has had its effect the second alert on lists has had none
    report(everywhere, james, lesson_of(everywhere, james, FOR_LOOPS), {"kind": "quiz", "score": 10})
    newest, first = eventually(lambda: found if len(found := remedial()) > 1 else [], 120)
    assert (newest["topic"], first["lesson_id"]) == ("for-loops", ready["lesson_id"])
