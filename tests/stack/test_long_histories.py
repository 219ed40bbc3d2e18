"""A history of years through daprd, which takes and gives 4 MB in one call and has 1.8 s for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from functions.learning.facts import Fact, line_of
from functions.learning.learner import Learner, LessonEntry
from functions.learning.sealing import LEDGER_SEGMENT, LESSON_SEGMENT, described
from functions.runtime.ports import Documents, Json, Write
from functions.runtime.settings import Settings
from functions.runtime.sidecar import Sidecar
from functions.runtime.sidecar_storage import SidecarDocuments, SidecarReadModel
from functions.usecases.learners import learner_key, segment_key
from functions.usecases.lesson_documents import lesson_key
from tests.support import postgres
from tests.support.backends import new_learner
from tests.support.dapr_run import StackBackend

pytestmark = pytest.mark.stack
FACTS, LESSONS, LARGE = 20_000, 1_200, 64 * 10
START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def documents(processes: StackBackend) -> AsyncIterator[Documents]:
    app = processes.processes.apps["manage-learner"]
    sidecar = Sidecar(Settings(dapr_grpc_port=app["daprGRPCPort"], dapr_http_port=app["daprHTTPPort"]))
    yield SidecarDocuments(sidecar, SidecarReadModel(sidecar))
    await sidecar.close()


def facts() -> list[Fact]:
    """The first of them as large as they may be."""
    told = {"course_id": "python", "progress_percentage": 10.0}
    large = told | {"achievement_metrics": {"note": "x" * 4_000}}
    at = [START + timedelta(hours=number) for number in range(FACTS)]
    return [Fact(f"f{n}", at[n], "progress", "l", "for-loops", large if n < LARGE else told) for n in range(FACTS)]


def json_of(value: object) -> Any:
    return TypeAdapter(object).dump_python(value, mode="json")


async def years(documents: Documents, user: str, body: Json) -> None:
    """As many commits over the years would have left it."""
    lines = list(map(line_of, facts()))
    entries = [LessonEntry(f"{user}-{n}", "python", "for-loops") for n in range(LESSONS)]
    ledger = [lines[n : n + LEDGER_SEGMENT] for n in range(0, FACTS, LEDGER_SEGMENT)]
    lessons = [entries[n : n + LESSON_SEGMENT] for n in range(0, LESSONS, LESSON_SEGMENT)]
    learner = Learner(user, version=FACTS, updated_at=START, ledger=ledger.pop(), ledger_segments=len(ledger))
    learner.sealed_lessons = [described(segment) for segment in lessons]
    writes = [
        *(Write(segment_key("ledger", user, n), {"entries": segment}) for n, segment in enumerate(ledger)),
        *(Write(segment_key("lessons", user, n), {"entries": json_of(segment)}) for n, segment in enumerate(lessons)),
        *(Write(lesson_key(e.lesson_id), body | {"lesson_id": e.lesson_id, "user_id": user}) for e in entries),
        Write(learner_key(user), json_of(learner)),
    ]
    for start in range(0, len(writes), 10):
        await documents.commit(*writes[start : start + 10])


async def test_twenty_thousand_facts_and_a_thousand_lessons_are_exported_and_forgotten(
    processes: StackBackend, documents: Documents
) -> None:
    user, other = new_learner(), new_learner()
    made = processes.post("/generate-lesson", {"user_id": other, "topic": "for-loops"}).json()
    body = (await documents.load(lesson_key(made["lesson_id"])))[lesson_key(made["lesson_id"])].value
    await years(documents, user, body)
    export = processes.client.get(processes.url("/learners/") + f"/learners/{user}/export", timeout=60)
    assert export.status_code == 200, export.text
    found = export.json()
    assert [fact["id"] for fact in found["facts"]] == [f"f{n}" for n in range(FACTS)]
    assert (len(found["lesson_entries"]), len(found["lessons"])) == (LESSONS, LESSONS)
    gone = processes.client.delete(processes.url("/learners/") + f"/learners/{user}", timeout=60)
    assert gone.status_code == 204, gone.text
    left = postgres.rows("SELECT key FROM state WHERE position($1 in key) > 0", user)
    assert [row["key"] for row in left] == [f"statestore||learner:{user}"]
