"""One lesson's whole way, and the HTTP contract, on the embedded run and on real daprd, Kafka and PostgreSQL alike."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.backends import Backend, eventually, new_learner

Json = dict[str, Any]


def made(backend: Backend, user: str, **wanted: object) -> Json:
    answer = backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"} | wanted)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def progress_data(backend: Backend, user: str, lesson_id: str) -> Any:
    return backend.get("/status", user_id=user, lesson_id=lesson_id).json()["progress_data"]


def test_a_lesson_goes_its_whole_way(backend: Backend) -> None:
    user = new_learner()
    nothing = backend.get("/status", user_id=user).json()
    assert (nothing["status"], nothing["progress_data"], nothing["overall_mastery"]) == ("not_started", None, 0)

    lesson = made(backend, user)
    assert lesson["listed"] is True and lesson["state"] == "available" and lesson["version"] == 1
    listed = backend.get("/lessons", user_id=user).json()
    assert [row["lesson_id"] for row in listed["lessons"]] == [lesson["lesson_id"]] and listed["total"] == 1

    tracked = eventually(lambda: progress_data(backend, user, lesson["lesson_id"]))
    assert (tracked["status"], tracked["completion_percentage"]) == ("not_started", 0)

    updated = backend.post(
        "/update-progress",
        {
            "user_id": user,
            "lesson_id": lesson["lesson_id"],
            "progress_percentage": 60,
            "evidence": [{"kind": "quiz", "score": 80}, {"kind": "code_quality", "score": 90}],
        },
    ).json()
    assert (updated["status"], updated["progress_percentage"], updated["lesson_known"]) == ("in_progress", 60, True)
    assert updated["mastery"]["after"] == 43.0  # 0.3 x 80 + 0.2 x 90 + 0.1 x 10, the first day of a streak

    def shown() -> Any:
        [row] = backend.get("/lessons", user_id=user, include="progress").json()["lessons"]
        return row["progress"] if row["progress"]["progress_percentage"] else None

    assert eventually(shown)["status"] == "in_progress"
    status = backend.get("/status", user_id=user).json()
    assert status["overall_mastery"] == 43.0 and status["level"] == "Learning" and status["counts"]["in_progress"] == 1


def test_a_lesson_can_be_read_in_every_form(backend: Backend) -> None:
    lesson = made(backend, new_learner())
    path = f"/lessons/{lesson['lesson_id']}"
    whole = backend.get(path)
    assert whole.json() == {k: v for k, v in lesson.items() if k != "listed"}
    unchanged = backend.request("GET", path, headers={"If-None-Match": whole.headers["etag"]})
    assert unchanged.status_code == 304 and unchanged.content == b""
    markdown = backend.get(path, format="markdown")
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8" and markdown.text == lesson["content"]
    page = backend.request("GET", path, headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8" and "<h1>For Loops</h1>" in page.text
    assert page.headers["etag"] != whole.headers["etag"]


def test_a_head_request_is_answered_like_a_get_without_the_body(backend: Backend) -> None:
    path = f"/lessons/{made(backend, new_learner())['lesson_id']}"
    whole, head = backend.get(path), backend.request("HEAD", path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", whole.headers["etag"])


def test_a_lesson_is_streamed_section_by_section_and_then_whole(backend: Backend) -> None:
    body = {"user_id": new_learner(), "topic": "conditionals"}
    answer = backend.post("/generate-lesson", body, accept="text/event-stream")
    assert answer.status_code == 201 and answer.headers["content-type"].startswith("text/event-stream")
    names = [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")]
    assert names[-1] == "lesson" and set(names[:-1]) == {"section"} and len(names) > 5


def test_a_lesson_written_anew_keeps_its_id_and_its_progress(backend: Backend) -> None:
    user = new_learner()
    first = made(backend, user)
    update = {"user_id": user, "lesson_id": first["lesson_id"], "progress_percentage": 30}
    assert backend.post("/update-progress", update).status_code == 200
    second = made(backend, user, lesson_id=first["lesson_id"], lesson_type="review")
    assert (second["version"], second["created_at"]) == (2, first["created_at"])
    assert backend.get(f"/lessons/{first['lesson_id']}").json()["title"] == "Review: For Loops"
    [row] = backend.get("/lessons", user_id=user).json()["lessons"]
    assert (row["version"], row["lesson_type"]) == (2, "review")
    assert progress_data(backend, user, first["lesson_id"])["completion_percentage"] == 30


def test_the_same_key_and_body_give_the_same_lesson(backend: Backend) -> None:
    body = {"user_id": new_learner(), "topic": "while-loops"}
    first = backend.post("/generate-lesson", body, idempotency_key="k1")
    again = backend.post("/generate-lesson", body, idempotency_key="k1")
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.json(), again.headers["location"]) == (
        201,
        first.json(),
        first.headers["location"],
    )
    other = backend.post("/generate-lesson", body | {"topic": "for-loops"}, idempotency_key="k1")
    assert other.status_code == 409 and other.headers["content-type"] == "application/problem+json"
    assert backend.get("/lessons", user_id=body["user_id"]).json()["total"] == 1


def test_concurrent_duplicates_make_one_lesson_and_one_update(backend: Backend) -> None:
    user = new_learner()
    lesson_body = {"user_id": user, "topic": "for-loops", "request_id": "once"}

    def eight(path: str, body: Json) -> list[httpx.Response]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: backend.post(path, body), range(8)))

    lessons = eight("/generate-lesson", lesson_body)
    assert {answer.status_code for answer in lessons} == {201}
    assert len({answer.json()["lesson_id"] for answer in lessons}) == 1
    update = {"user_id": user, "lesson_id": lessons[0].json()["lesson_id"], "request_id": "once"}
    updates = eight("/update-progress", update | {"evidence": [{"kind": "time_on_task", "seconds": 60}]})
    assert {answer.status_code for answer in updates} == {200}
    assert len({answer.json()["evidence"][0]["evidence_id"] for answer in updates}) == 1
    assert backend.get("/status", user_id=user).json()["time_on_task_seconds"] == 60


def test_concurrent_updates_of_one_learner_are_all_kept(backend: Backend) -> None:
    user = new_learner()
    lesson = made(backend, user)
    body = {"user_id": user, "lesson_id": lesson["lesson_id"], "evidence": [{"kind": "time_on_task", "seconds": 1}]}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: backend.post("/update-progress", body), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["version"] for answer in answers}) == 24
    assert backend.get("/status", user_id=user).json()["time_on_task_seconds"] == 24


def test_a_batch_is_all_or_nothing(backend: Backend) -> None:
    user = new_learner()
    good = {"lesson_id": "elsewhere-1", "progress_percentage": 100}
    bad = {"lesson_id": "elsewhere-2", "evidence": [{"kind": "quiz", "score": 50}]}  # no topic
    refused = backend.post("/update-progress", {"user_id": user, "updates": [good, bad]})
    assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "updates.1.evidence"
    assert backend.get("/status", user_id=user).json()["version"] == 0
    taken = backend.post("/update-progress", {"user_id": user, "updates": [good, bad | {"topic": "for-loops"}]})
    assert [r["status"] for r in taken.json()["results"]] == ["completed", "in_progress"]


def test_if_match_refuses_to_write_over_a_version_not_seen(backend: Backend) -> None:
    user = new_learner()
    body = {"user_id": user, "lesson_id": "elsewhere", "progress_percentage": 10}
    assert backend.post("/update-progress", body).json()["version"] == 1
    etag = backend.get("/status", user_id=user).headers["etag"]
    assert backend.post("/update-progress", body | {"progress_percentage": 20}, if_match=etag).status_code == 200
    stale = backend.post("/update-progress", body | {"progress_percentage": 30}, if_match=etag)
    assert stale.status_code == 412
    assert progress_data(backend, user, "elsewhere")["completion_percentage"] == 20


def test_a_list_is_paged_without_gaps_while_lessons_come_in(backend: Backend) -> None:
    user = new_learner()
    ids = [made(backend, user)["lesson_id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = backend.get("/lessons", user_id=user, limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [row["lesson_id"] for row in page["lessons"]]
        cursor = page["next_cursor"]
        made(backend, user)
        if cursor is None:
            break
    assert seen == ids[::-1]
    wrong = backend.get("/lessons", user_id=user, limit=2, sort="title", cursor=seen and "abc")
    assert wrong.status_code == 400


def test_lists_are_filtered_by_every_filter(backend: Backend) -> None:
    user = new_learner()
    first = made(backend, user, topic="for-loops", difficulty_level="easy")
    second = made(backend, user, topic="conditionals", lesson_type="review", difficulty_level="hard")
    day = first["created_at"][:10]

    def found(**query: object) -> list[str]:
        answer = backend.get("/lessons", user_id=user, sort="created_at", **query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"] == len(answer.json()["lessons"])
        return [row["lesson_id"] for row in answer.json()["lessons"]]

    both = [first["lesson_id"], second["lesson_id"]]
    assert found() == found(course_id="python") == found(module="control-flow") == found(module="Control Flow") == both
    assert found(topic="for-loops") == found(difficulty_level="easy") == found(q="FOR LOOPS") == both[:1]
    assert found(lesson_type="review") == found(difficulty_level="advanced") == found(topic="conditionals") == both[1:]
    assert found(date_range=f"{day}..{second['created_at'][:10]}") == found(date_range=f"{day}..") == both
    assert found(created_from=second["created_at"]) == both[1:]
    assert found(created_to=first["created_at"]) == both[:1]
    assert found(q="100%_") == found(date_range="..2020-01-01") == found(module="basics") == []
    assert [row["title"] for row in backend.get("/lessons", user_id=user, sort="title").json()["lessons"]] == [
        "For Loops",
        "Review: Conditionals",
    ]


BAD: list[tuple[str, str, Json, int, str]] = [
    ("/generate-lesson", "POST", {"json": {}}, 400, "user_id"),
    ("/generate-lesson", "POST", {"json": {"user_id": "a b"}}, 400, "user_id"),
    ("/generate-lesson", "POST", {"json": {"user_id": "u", "colour": 1}}, 400, "colour"),
    ("/generate-lesson", "POST", {"json": {"user_id": "u", "time_budget_minutes": 4}}, 400, "time_budget_minutes"),
    ("/generate-lesson", "POST", {"json": {"user_id": "u", "topic": "knitting"}}, 404, ""),
    ("/generate-lesson", "POST", {"json": {"user_id": "u", "topic": "cooking"}}, 404, ""),
    ("/generate-lesson", "POST", {"json": {"user_id": "u", "lesson_id": "nowhere"}}, 404, ""),
    ("/generate-lesson?x=1", "POST", {"json": {"user_id": "u"}}, 400, "x"),
    ("/generate-lesson", "POST", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, ""),
    ("/generate-lesson", "POST", {"content": b"[1]", "headers": {"content-type": "application/json"}}, 400, ""),
    ("/generate-lesson", "POST", {"content": b"user_id=u", "headers": {"content-type": "text/plain"}}, 415, ""),
    ("/generate-lesson", "POST", {"json": {"user_id": "u"}, "headers": {"accept": "image/png"}}, 406, ""),
    ("/generate-lesson", "GET", {}, 405, ""),
    ("/update-progress", "POST", {"json": {"user_id": "u", "lesson_id": "l"}}, 400, ""),
    (
        "/update-progress",
        "POST",
        {"json": {"user_id": "u", "lesson_id": "l", "status": "completed", "progress_percentage": 40}},
        400,
        "",
    ),
    (
        "/update-progress",
        "POST",
        {"json": {"user_id": "u", "lesson_id": "l", "progress_data": {"achievement_metrics": {"x": "y" * 5000}}}},
        400,
        "progress_data.achievement_metrics",
    ),
    (
        "/update-progress",
        "POST",
        {"json": {"user_id": "u", "lesson_id": "l", "progress_percentage": 101}},
        400,
        "progress_percentage",
    ),
    (
        "/update-progress",
        "POST",
        {"content": b'{"user_id":"u","lesson_id":"l","progress_percentage":NaN}'}
        | {"headers": {"content-type": "application/json"}},
        400,
        "progress_percentage",
    ),
    (
        "/update-progress",
        "POST",
        {"json": {"user_id": "u", "lesson_id": "l", "evidence": [{"kind": "magic"}]}},
        400,
        "evidence.0",
    ),
    (
        "/update-progress",
        "POST",
        {
            "json": {
                "user_id": "u",
                "lesson_id": "l",
                "topic": "for-loops",
                "evidence": [{"kind": "exercise", "exercise_id": "nope", "passed_tests": 1, "total_tests": 1}],
            }
        },
        400,
        "evidence.0.exercise_id",
    ),
    (
        "/update-progress",
        "POST",
        {"json": {"user_id": "u", "lesson_id": "l", "status": "started", "timezone": "Mars/Base"}},
        400,
        "timezone",
    ),
    (
        "/update-progress",
        "POST",
        {"json": {"user_id": "u", "lesson_id": "l", "status": "started", "occurred_at": "2999-01-01T00:00:00Z"}},
        400,
        "occurred_at",
    ),
    (
        "/update-progress",
        "POST",
        {"content": b" " * (1 << 20) + b"{}"} | {"headers": {"content-type": "application/json"}},
        413,
        "",
    ),
    ("/lessons?limit=0", "GET", {}, 400, "limit"),
    ("/lessons?limit=101", "GET", {}, 400, "limit"),
    ("/lessons?colour=red", "GET", {}, 400, "colour"),
    ("/lessons?topic=a&topic=b", "GET", {}, 400, "topic"),
    ("/lessons?cursor=zzz", "GET", {}, 400, "cursor"),
    ("/lessons?date_range=yesterday", "GET", {}, 400, "date_range"),
    ("/lessons?date_range=2026-01-02..2026-01-01", "GET", {}, 400, ""),
    ("/lessons?module=nonsense", "GET", {}, 400, "module"),
    ("/lessons/nowhere", "GET", {}, 404, ""),
    ("/lessons/no%20where", "GET", {}, 400, "lesson_id"),
    ("/lessons", "DELETE", {}, 405, ""),
    ("/lessons/nowhere/at-all", "GET", {}, 404, ""),
    ("/status", "GET", {}, 400, "user_id"),
    ("/status?user_id=u&level=Expert", "GET", {}, 400, "level"),
    ("/status?user_id=u&lesson_id=l&topic=for-loops", "GET", {}, 400, "lesson_id"),
    ("/alerts?state=closed", "GET", {}, 400, "state"),
    ("/alerts?trigger=bored", "GET", {}, 400, "trigger"),
    ("/alerts?topic=For%20Loops", "GET", {}, 400, "topic"),
    ("/alerts?limit=101", "GET", {}, 400, "limit"),
    ("/alerts?cursor=zzz", "GET", {}, 400, "cursor"),
    ("/alerts?colour=red", "GET", {}, 400, "colour"),
    ("/alerts?class_id=nowhere", "GET", {}, 404, ""),
    ("/alerts", "POST", {"json": {}}, 405, ""),
    ("/alerts/nowhere/acknowledge", "POST", {"json": {}}, 404, ""),
    ("/alerts/nowhere/resolve", "POST", {"json": {}}, 404, ""),
    ("/alerts/nowhere/resolve", "POST", {"json": {"note": "x" * 501}}, 400, "note"),
    ("/alerts/nowhere/resolve", "POST", {"json": {"note": "a\0b"}}, 400, "note"),
    ("/alerts/nowhere/resolve", "POST", {"json": {"by": "a b"}}, 400, "by"),
    ("/alerts/nowhere/resolve", "POST", {"json": {"state": "open"}}, 400, "state"),
    ("/alerts/nowhere/resolve", "POST", {}, 415, ""),
    ("/alerts/no%20where/resolve", "POST", {"json": {}}, 400, "alert_id"),
    ("/alerts/nowhere/reopen", "POST", {"json": {}}, 404, ""),
    ("/classes/nowhere", "GET", {}, 404, ""),
    ("/classes/nowhere?x=1", "GET", {}, 400, "x"),
    ("/classes/no%20where", "PUT", {"json": {"title": "t", "user_ids": []}}, 400, "class_id"),
    ("/classes/c", "PUT", {"json": {"title": "t"}}, 400, "user_ids"),
    ("/classes/c", "PUT", {"json": {"title": "", "user_ids": []}}, 400, "title"),
    ("/classes/c", "PUT", {"json": {"title": "x" * 201, "user_ids": []}}, 400, "title"),
    ("/classes/c", "PUT", {"json": {"title": "t", "user_ids": ["a", "b", "a"]}}, 400, "user_ids"),
    ("/classes/c", "PUT", {"json": {"title": "t", "user_ids": ["a", "b c"]}}, 400, "user_ids.1"),
    ("/classes/c", "PUT", {"json": {"title": "t", "user_ids": [f"u{n}" for n in range(501)]}}, 400, "user_ids"),
    ("/classes/c", "PUT", {"json": {"title": "t", "user_ids": [], "owner": "me"}}, 400, "owner"),
    ("/classes/c", "DELETE", {}, 405, ""),
]


@pytest.mark.parametrize(("path", "method", "options", "status", "field"), BAD)
def test_bad_input_is_answered_by_a_problem_that_names_the_field(
    backend: Backend, path: str, method: str, options: Json, status: int, field: str
) -> None:
    answer = backend.request(method, path, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status and "Traceback" not in answer.text
    if field:
        assert field in [error["field"] for error in problem["errors"]]
    if status == 405:
        assert answer.headers["allow"]
