"""What teachers do, on the embedded run and on real daprd, Kafka and PostgreSQL alike: alerts and classes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.backends import Backend, eventually, new_learner

Json = dict[str, Any]


def struggled(backend: Backend, user: str, topic: str = "for-loops") -> str:
    """The id of the alert that a quiz far below 50 % opened."""
    quiz = {"kind": "quiz", "score": 20}
    body = {"user_id": user, "lesson_id": f"on-{topic}", "topic": topic, "evidence": [quiz]}
    answer = backend.post("/update-progress", body)
    assert answer.status_code == 200, answer.text
    [struggle] = answer.json()["struggle"]
    assert (struggle["trigger"], struggle["new"]) == ("low_quiz", True)
    return str(struggle["alert_id"])


def listed(backend: Backend, **query: object) -> list[str]:
    answer = backend.get("/alerts", **query)
    assert answer.status_code == 200, answer.text
    return [alert["alert_id"] for alert in answer.json()["alerts"]]


def do(backend: Backend, alert_id: str, action: str, **body: str) -> Json:
    answer = backend.post(f"/alerts/{alert_id}/{action}", body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def put(backend: Backend, class_id: str, *user_ids: str, **headers: str) -> Any:
    body, named = {"title": "Python, 7b", "user_ids": user_ids}, {k.replace("_", "-"): v for k, v in headers.items()}
    return backend.request("PUT", f"/classes/{class_id}", json=body, headers=named)


def test_an_alert_goes_its_whole_way(backend: Backend) -> None:
    user = new_learner()
    first = struggled(backend, user)
    assert eventually(lambda: listed(backend, user_id=user)) == [first]
    [shown] = backend.get("/alerts", user_id=user, state="open", topic="for-loops", trigger="low_quiz").json()["alerts"]
    assert backend.get("/status", user_id=user).json()["alerts"] == [shown]
    assert shown["evidence"][0]["score"] == 20 and shown["acknowledged_at"] is None

    acknowledged = do(backend, first, "acknowledge", note="Will call.")
    assert (acknowledged["state"], acknowledged["acknowledged_by"]) == ("acknowledged", "local")
    assert do(backend, first, "acknowledge", by="somebody-else") == acknowledged
    assert backend.get("/alerts", user_id=user).json()["alerts"] == [acknowledged]

    resolved = do(backend, first, "resolve", by="ms-okoye")
    assert (resolved["state"], resolved["resolved_by"], resolved["note"]) == ("resolved", "ms-okoye", "Will call.")
    assert do(backend, first, "resolve", note="Again") == resolved
    assert backend.get("/alerts", user_id=user, state="resolved").json()["alerts"] == [resolved]
    assert backend.get("/status", user_id=user).json()["alerts"] == []
    late = backend.post(f"/alerts/{first}/acknowledge", {})
    assert (late.status_code, late.json()["type"]) == (409, "urn:learnflow:problem:wrong-state")

    second = struggled(backend, user)
    assert second != first
    assert eventually(lambda: listed(backend, user_id=user, state="open")) == [second]
    assert listed(backend, user_id=user) == [second, first]


def test_alerts_are_paged_the_newest_first(backend: Backend) -> None:
    user = new_learner()
    alerts = [struggled(backend, user, topic) for topic in ("for-loops", "while-loops", "conditionals")]
    eventually(lambda: len(listed(backend, user_id=user)) == 3)
    first = backend.get("/alerts", user_id=user, limit=2).json()
    second = backend.get("/alerts", user_id=user, limit=2, cursor=first["next_cursor"]).json()
    assert [alert["alert_id"] for alert in first["alerts"] + second["alerts"]] == alerts[::-1]
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)


def test_many_who_resolve_an_alert_at_once_get_one_answer(backend: Backend) -> None:
    user = new_learner()
    alert_id = struggled(backend, user)
    eventually(lambda: listed(backend, user_id=user))
    # the remedial lesson that was prepared for it is known: nothing else changes the document
    eventually(lambda: backend.get("/status", user_id=user).json()["counts"]["not_started"])
    version = backend.get("/status", user_id=user).json()["version"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: do(backend, alert_id, "resolve", by=f"teacher-{n}"), range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert backend.get("/status", user_id=user).json()["version"] == version + 1


def test_the_alerts_of_a_class_are_those_of_its_roster(backend: Backend) -> None:
    maya, james, class_id = new_learner("maya"), new_learner("james"), new_learner("class")
    alerts = {user: struggled(backend, user) for user in (maya, james)}
    for user in alerts:
        eventually(lambda user=user: listed(backend, user_id=user))  # type: ignore[misc]
    assert backend.get("/alerts", class_id=class_id).status_code == 404
    assert put(backend, class_id, maya).status_code == 201
    assert listed(backend, class_id=class_id) == [alerts[maya]]
    assert put(backend, class_id, james, maya).status_code == 200
    assert listed(backend, class_id=class_id) == [alerts[james], alerts[maya]]
    assert listed(backend, class_id=class_id, user_id=maya) == [alerts[maya]]
    assert put(backend, class_id, *(f"u{n}" for n in range(499)), maya).status_code == 200
    assert listed(backend, class_id=class_id, state="open") == [alerts[maya]]
    assert put(backend, class_id).status_code == 200
    assert listed(backend, class_id=class_id) == []


def test_a_class_is_made_read_and_replaced(backend: Backend) -> None:
    class_id, path = (found := new_learner("class")), f"/classes/{found}"
    assert backend.get(path).status_code == 404
    assert put(backend, class_id, "maya", if_match="*").status_code == 412
    made = put(backend, class_id, "maya", "james", if_none_match="*")
    assert (made.status_code, made.headers["location"], made.headers["etag"]) == (201, path, '"1"')
    assert (made.json()["owner"], made.json()["user_ids"]) == ("local", ["maya", "james"])
    again = put(backend, class_id, "maya", "james")
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, made.json(), '"1"')
    assert put(backend, class_id, "lena", if_none_match="*").status_code == 412
    replaced = put(backend, class_id, "lena", if_match='"1"')
    assert (replaced.status_code, replaced.headers["etag"], "location" in replaced.headers) == (200, '"2"', False)
    assert put(backend, class_id, "james", if_match='"1"').status_code == 412
    read = backend.get(path)
    assert (read.json(), read.headers["etag"]) == (replaced.json(), '"2"')
    unchanged = backend.request("GET", path, headers={"If-None-Match": '"2"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert backend.request("HEAD", path).headers["etag"] == '"2"'


def test_of_many_who_replace_one_version_of_a_class_one_wins(backend: Backend) -> None:
    class_id = new_learner("class")
    put(backend, class_id)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: put(backend, class_id, f"u{n}", if_match='"1"'), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    assert backend.get(f"/classes/{class_id}").json() == winner
