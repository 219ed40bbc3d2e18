"""`learnflow dev`: what is saved answers, what does not load says so, events show; nothing is left behind."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.backends import eventually
from tests.support.dev_loop import DevLoop, dev_loop

NOT_FOUND = ("functions/runtime/errors.py", '404, "Not found"')
HANDLER = "functions/track_lesson/handler.py"
FIRST = "from functions.learning.learner import"


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[DevLoop]:
    with dev_loop(tmp_path) as running:
        yield running


def title(loop: DevLoop) -> str:
    return str(loop.get("/lessons/unknown").json()["title"])


def test_what_is_saved_answers_and_what_does_not_load_says_so_until_it_does(loop: DevLoop) -> None:
    assert title(loop) == "Not found"
    loop.save(*NOT_FOUND, '404, "Not here"')
    eventually(lambda: title(loop) == "Not here")
    assert "dev: changed: functions/runtime/errors.py\n" in loop.said("dev: loaded in", 2)

    loop.save(HANDLER, FIRST, f"import nowhere\n{FIRST}")
    said = loop.said("ModuleNotFoundError: No module named 'nowhere'")
    assert f'  File "{HANDLER}"' in said and "import nowhere\n" in said, "a short traceback: where, and what"
    assert "importlib" not in said and "serving.py" not in said
    refused = loop.get("/status?user_id=maya")
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert (refused.json()["title"], refused.headers["retry-after"]) == ("Unavailable", "1")
    assert (
        "ModuleNotFoundError: No module named 'nowhere' (functions/track_lesson/handler.py" in refused.json()["detail"]
    )

    loop.save(HANDLER, "import nowhere\n", "")
    eventually(lambda: loop.get("/status?user_id=maya").status_code == 200)
    assert title(loop) == "Not here"


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("def broken(:\n", "SyntaxError: invalid syntax (handler.py, line"),
        ("raise SystemExit('stop')\n", "SystemExit: stop (functions/track_lesson/handler.py"),
        ("import os; os._exit(7)\n", "The server ended with exit code 7"),
    ],
)
def test_whatever_keeps_the_code_from_loading_is_in_the_answer_and_its_repair_is_loaded(
    loop: DevLoop, new: str, said: str
) -> None:
    loop.save(HANDLER, FIRST, new + FIRST)
    answer = eventually(lambda: [a for a in [loop.get("/lessons")] if a.status_code == 503])[0]
    assert said in answer.json()["detail"]
    loop.save(HANDLER, new, "")
    eventually(lambda: loop.get("/lessons").status_code == 200)


def test_what_is_saved_while_it_loads_is_not_missed(loop: DevLoop) -> None:
    loop.save(*NOT_FOUND, '404, "First"')
    loop.said("dev: changed:")
    loop.save(NOT_FOUND[0], '404, "First"', '404, "Second"')
    eventually(lambda: title(loop) == "Second")


def test_events_show_a_line_each_with_their_handler_and_what_became_of_them(loop: DevLoop) -> None:
    lesson = loop.post("/generate-lesson", {"user_id": "maya", "topic": "for-loops"}).json()["lesson_id"]
    said = loop.said("track-lesson done")
    head = rf"\d\d:\d\d:\d\d\.\d{{3}}  lesson-generated +lesson\.generated\.v1 +{lesson}  \w{{8}}"
    assert re.search(rf"{head}  → .*track-lesson done [\d.]+ ms", said)
    assert "request POST /generate-lesson 201" in said
    assert "\x1b" not in said, "there is no terminal"
    begin = "async def decide() -> Learner:\n"
    loop.save(HANDLER, begin, f"{begin}        raise KeyError('x')\n")
    loop.said("dev: loaded in", 2)
    loop.post("/generate-lesson", {"user_id": "maya", "topic": "for-loops"})
    assert "track-lesson retry" in loop.said("(unexpected KeyError)")


def test_ctrl_c_leaves_no_process_and_no_port(loop: DevLoop) -> None:
    assert len(loop.group()) == 2
    loop.interrupt()
    assert loop.process.wait(15) == 0
    assert loop.group() == []
    with pytest.raises(httpx.ConnectError):
        loop.get("/health/live")
    assert "Traceback" not in loop.log.read_text()


def test_a_killed_loop_takes_its_server_with_it(loop: DevLoop) -> None:
    loop.process.kill()
    eventually(lambda: not loop.group())


def test_a_port_that_is_taken_is_said_at_once(loop: DevLoop, tmp_path: Path) -> None:
    again = DevLoop(tmp_path / "again", "--port", str(loop.port))
    assert again.process.wait(60) == 1
    assert f"learnflow: 127.0.0.1:{loop.port}: Address already in use" in again.log.read_text()
