"""`kill -9` of the embedded run: what was acknowledged is there after the next start, and its events arrive."""

import signal
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.support.backends import Learnflow, eventually


def url(server: Learnflow, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def restart(server: Learnflow) -> None:
    server.stop(signal.SIGKILL)
    server.start()


def test_everything_acknowledged_survives_a_kill(learnflow: Learnflow) -> None:
    lesson = httpx.post(url(learnflow, "/generate-lesson"), json={"user_id": "maya", "topic": "for-loops"}).json()
    update = {"user_id": "maya", "lesson_id": lesson["lesson_id"], "progress_percentage": 40}
    httpx.post(url(learnflow, "/update-progress"), json=update)
    restart(learnflow)
    again = httpx.get(url(learnflow, f"/lessons/{lesson['lesson_id']}")).json()
    assert again == {name: value for name, value in lesson.items() if name != "listed"}
    status = httpx.get(url(learnflow, f"/status?user_id=maya&lesson_id={lesson['lesson_id']}")).json()
    assert status["progress_percentage"] == 40

    def listed() -> bool:
        [row] = httpx.get(url(learnflow, "/lessons?user_id=maya&include=progress")).json()["lessons"]
        return bool(row["progress"]["progress_percentage"] == 40)

    eventually(listed)


def test_a_kill_under_load_loses_and_repeats_nothing_that_was_acknowledged(learnflow: Learnflow) -> None:
    acknowledged: list[str] = []

    def report(number: int) -> None:
        body = {
            "user_id": "james",
            "lesson_id": f"lesson-{number}",
            "request_id": f"report-{number}",
            "evidence": [{"kind": "time_on_task", "seconds": 1}],
            "topic": "for-loops",
            "progress_percentage": 10,
        }
        try:
            if httpx.post(url(learnflow, "/update-progress"), json=body, timeout=5).status_code == 200:
                acknowledged.append(body["lesson_id"])  # type: ignore[arg-type]
        except httpx.HTTPError:
            return

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(report, number) for number in range(120)]
        eventually(lambda: len(acknowledged) >= 30)
        restart(learnflow)
        for job in jobs:
            job.result()
    for number in range(120):  # a client that got no answer asks again, with the same key
        report(number)
    status = httpx.get(url(learnflow, "/status?user_id=james&limit=100")).json()
    assert set(acknowledged) == {f"lesson-{number}" for number in range(120)}
    assert (status["counts"]["in_progress"], status["time_on_task_seconds"]) == (120, 120)
