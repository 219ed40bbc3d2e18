"""What is held about a learner: all of it is exported, and all of it goes when they are forgotten."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from functions.learning.facts import Fact, line_of
from functions.learning.learner import Alert, Learner, LessonEntry
from functions.manage_learner import erasing, holdings
from functions.manage_learner.erasing import erase
from functions.manage_learner.handler import export_learner, forget_learner
from functions.manage_learner.main import app
from functions.manage_learner.models import LearnerExport, NoQuery
from functions.runtime.errors import Forbidden, NotFound, Unavailable
from functions.runtime.ports import Call, Json, Reply, Row, Write
from functions.runtime.settings import Settings
from functions.update_progress.handler import update_progress
from functions.update_progress.models import UpdateProgress
from functions.usecases.events import LessonGenerated, ProgressUpdated
from functions.usecases.learners import commit_learner, load_learner
from functions.usecases.own_documents import own_key
from functions.usecases.tables import KEYS
from tests.support.delivering import deliver, hand_out
from tests.support.fakes import LOST, MAYA, NOW, World, client_of, lesson_for, report

NAMESAKES = ("maya:x", "maya_", "may", "maya:" + "0" * 32)
LOW = [{"kind": "quiz", "score": 20}]


async def busy(world: World, user_id: str = "maya") -> str:
    """Something of every kind: a lesson worked on, an alert and its lesson, one on its way, kept keys, a class."""
    lesson = await lesson_for(world, user_id, request_id="key-1")
    await deliver(world)
    update = {"user_id": user_id, "lesson_id": lesson.lesson_id, "request_id": "key-2", "evidence": LOW}
    await update_progress(world.ports, world.call(), UpdateProgress.model_validate(update))
    await deliver(world)
    world.publisher.down = True
    await lesson_for(world, user_id, topic="while-loops")
    await report(world, user_id=user_id, lesson_id="elsewhere", progress_percentage=30)
    world.publisher.down = False
    await classroom(world, f"of-{user_id}", user_id, "somebody")
    for function in ("award-badge", "keep-notes"):
        await world.documents.inner.commit(Write(own_key(function, user_id), {"kept by": function}))
    return lesson.lesson_id


async def classroom(world: World, class_id: str, *user_ids: str) -> None:
    kept = {"class_id": class_id, "title": "Class 3", "user_ids": list(user_ids), "owner": "teacher-1", "version": 4}
    times = {"created_at": "2026-03-01T00:00:00.000000Z", "updated_at": "2026-03-01T00:00:00.000000Z"}
    await world.documents.inner.commit(Write(f"class:{class_id}", kept | times))


async def documents(world: World, about: Callable[[str], bool]) -> dict[str, Json]:
    """All documents whose key or text is `about` somebody."""
    everything = await world.documents.inner.page("", "", 100_000)
    return {key: value for key, value in everything.items() if about(f"{key} {json.dumps(value)}")}


async def rows(world: World, user_id: str) -> list[Row]:
    return [row for table in KEYS for row in await world.rows(table) if user_id in row]


def names_maya(text: str) -> bool:
    """And not as a part of another learner's id, or of the class's."""
    for other in ("of-maya", *(name for name in NAMESAKES if "maya" in name)):
        text = text.replace(other, "")
    return "maya" in text


def text_of(reply: Reply) -> str:
    assert isinstance(reply.body, list)
    return "".join(reply.body)


async def export(world: World, call: Call | None = None, user_id: str = "maya") -> LearnerExport:
    reply = await export_learner(world.ports, call or world.call(), NoQuery(), user_id)
    return LearnerExport.model_validate_json(text_of(reply))


async def forget(world: World, user_id: str = "maya", call: Call | None = None) -> int:
    return (await forget_learner(world.ports, call or world.call(), NoQuery(), user_id)).status


def long_history(facts: int, lessons: int, alerts: int) -> Learner:
    """A learner of years, sealed into segments with their first commit."""
    told = {"course_id": "python", "progress_percentage": 10.0}
    entries = [LessonEntry(f"l{n:05}", "python", "for-loops") for n in range(lessons)]
    closed = [Alert(f"a{n}", "l1", "for-loops", "stuck", "low", [], NOW, "resolved") for n in range(alerts)]
    lines = [line_of(Fact(f"f{n}", NOW + timedelta(minutes=n), "progress", "l1", None, told)) for n in range(facts)]
    learner = Learner("maya", version=7, updated_at=NOW, ledger=lines, resolved_alerts=closed)
    learner.lessons = {entry.lesson_id: entry for entry in entries}
    return learner


# Export


async def test_an_export_has_everything_of_every_kind(world: World) -> None:
    lesson_id = await busy(world)
    found = await export(world)
    assert (found.user_id, found.exported_at) == ("maya", NOW)
    assert found.document is not None and found.document["time_on_task_seconds"] == 0.0
    assert found.document["reviews"].keys() == {"for-loops"}
    assert found.figures is not None and found.figures.topics["for-loops"].mastery == 7.0  # 0.3 x 20 + 0.1 x 10
    assert {fact["kind"] for fact in found.facts} == {"progress", "quiz"} and len(found.facts) == 3
    [remedial] = [lesson.lesson_id for lesson in found.lessons if lesson.lesson_type == "remedial"]
    assert [entry["lesson_id"] for entry in found.lesson_entries] == sorted([lesson_id, remedial, "elsewhere"])
    assert [alert.trigger for alert in found.alerts] == ["low_quiz"]
    assert [(listed.class_id, listed.title) for listed in found.classes] == [("of-maya", "Class 3")]
    assert found.own == {"award-badge": {"kept by": "award-badge"}, "keep-notes": {"kept by": "keep-notes"}}
    assert [record.function for record in found.idempotency_records] == ["generate-lesson", "update-progress"]
    assert found.idempotency_records[0].result == {"lesson_id": lesson_id}
    waiting = [event.event["type"] for event in found.unpublished_events]
    assert sorted(waiting) == sorted([LessonGenerated.type_name, ProgressUpdated.type_name])
    assert {lesson.curriculum_elements.topic_id for lesson in found.lessons} == {"for-loops", "while-loops"}


async def test_an_export_names_no_other_learner_and_holds_no_solution(world: World) -> None:
    await busy(world)
    for namesake in NAMESAKES:
        await busy(world, namesake)
    reply = await export_learner(world.ports, world.call(), NoQuery(), "maya")
    text = text_of(reply)
    assert "somebody" not in text and not any(f'"{namesake}"' in text for namesake in NAMESAKES)
    assert '"solution"' not in text and '"key"' not in text.replace('"key_hash"', "")
    hidden = [case for lesson in json.loads(text)["lessons"] for e in lesson["exercises"] for case in e["test_cases"]]
    assert any(case["hidden"] for case in hidden)
    assert all(case["expected_output"] is None for case in hidden if case["hidden"])


async def test_the_same_holdings_give_the_same_text(world: World) -> None:
    await busy(world)
    texts = {text_of(await export_learner(world.ports, world.call(), NoQuery(), "maya")) for _ in range(2)}
    assert len(texts) == 1


async def test_a_long_history_is_exported_whole(world: World) -> None:
    await commit_learner(world.ports, long_history(facts=700, lessons=90, alerts=45), None)
    found = await export(world)
    assert [fact["id"] for fact in found.facts] == [f"f{n}" for n in range(700)]
    assert [entry["lesson_id"] for entry in found.lesson_entries] == [f"l{n:05}" for n in range(90)]
    assert [alert.alert_id for alert in found.alerts] == [f"a{n}" for n in range(45)]


async def test_a_lesson_that_is_only_on_its_way_is_known(world: World) -> None:
    lesson = await lesson_for(world)
    found = await export(world)
    assert (found.document, found.figures) == (None, None)
    assert [known.lesson_id for known in found.lessons] == [lesson.lesson_id]


async def test_a_learner_of_whom_nothing_is_known_has_no_export(world: World) -> None:
    await busy(world, "maya:x")
    with pytest.raises(NotFound, match="Nothing is known of a learner maya"):
        await export(world)


async def test_a_forgotten_learner_has_no_export_and_is_told_when(world: World) -> None:
    await busy(world)
    await forget(world)
    with pytest.raises(NotFound, match=r"was forgotten at 2026-03-10T12:00:00"):
        await export(world)


async def test_a_change_during_the_reading_is_read_again(world: World) -> None:
    await busy(world)
    inner = world.documents.inner.load
    reads: list[tuple[str, ...]] = []

    async def load(*keys: str) -> Any:
        found = await inner(*keys)
        if keys == ("learner:maya",) and not reads:
            reads.append(keys)
            await report(world, progress_percentage=55)
        return found

    world.documents.inner.load = load  # type: ignore[method-assign]
    assert "l1" in [entry["lesson_id"] for entry in (await export(world)).lesson_entries]


async def test_only_the_learner_or_a_teacher_may_ask(world: World) -> None:
    await busy(world)
    call = world.call(principal=MAYA)
    assert (await export(world, call)).user_id == "maya"
    for refused in (export_learner, forget_learner):
        with pytest.raises(Forbidden):
            await refused(world.ports, call, NoQuery(), "james")
    assert await forget(world, call=call) == 204


@pytest.mark.parametrize("store", ["documents", "read_model"])
async def test_an_export_is_whole_or_not_at_all(world: World, store: str) -> None:
    await busy(world)
    getattr(world, store).down = True
    with pytest.raises(Unavailable):
        await export(world)


# Forgetting


@pytest.mark.parametrize("at_once", [2, holdings.AT_ONCE])
async def test_a_forgotten_learner_leaves_an_id_and_a_time_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(holdings, "AT_ONCE", at_once)
    await busy(world)
    await commit_learner(world.ports, long_history(700, 90, 45), (await load_learner(world.documents, "maya"))[1])
    assert await forget(world) == 204
    tombstone = Learner("maya", version=8, forgotten_at=NOW)
    assert await documents(world, names_maya) == {"learner:maya": (await world.document("learner:maya"))}
    assert (await load_learner(world.documents, "maya"))[0] == tombstone
    assert await rows(world, "maya") == []
    everything = await documents(world, lambda _: True)
    assert [key for key in everything if key.startswith(("lesson:", "outbox:", "request:", "own:"))] == []
    assert everything["class:of-maya"]["user_ids"] == ["somebody"]
    assert (everything["class:of-maya"]["version"], everything["class:of-maya"]["title"]) == (5, "Class 3")


async def test_learners_whose_ids_begin_alike_keep_everything(world: World) -> None:
    for namesake in NAMESAKES:
        await busy(world, namesake)
    before = await documents(world, lambda _: True), [await world.rows(table) for table in KEYS]
    await busy(world)
    await forget(world)
    after = await documents(world, lambda _: True), [await world.rows(table) for table in KEYS]
    del after[0]["learner:maya"], after[0]["class:of-maya"]
    assert after == before


async def test_a_lesson_of_somebody_else_that_was_only_reported_survives(world: World) -> None:
    lesson = await lesson_for(world, "james")
    await commit_learner(
        world.ports, Learner("maya", lessons={lesson.lesson_id: LessonEntry(lesson.lesson_id, "python", None)}), None
    )
    await forget(world)
    assert await world.document(f"lesson:{lesson.lesson_id}") is not None


async def test_a_lesson_that_only_the_read_model_knows_goes_too(world: World) -> None:
    lesson = await lesson_for(world)  # published, and not taken yet
    assert await world.outbox() == []
    await forget(world)
    assert await world.document(f"lesson:{lesson.lesson_id}") is None
    assert await world.rows("lessons") == []
    await deliver(world)
    assert (await load_learner(world.documents, "maya"))[0] == Learner("maya", version=1, forgotten_at=NOW)
    assert await rows(world, "maya") == []


async def test_a_lesson_that_only_its_unpublished_event_knows_goes_too(world: World) -> None:
    world.publisher.down = world.read_model.down = True
    lesson = await lesson_for(world)
    world.read_model.down = False
    await forget(world)
    assert (await world.document(f"lesson:{lesson.lesson_id}"), await world.outbox()) == (None, [])


async def test_late_events_do_not_bring_a_learner_back(world: World) -> None:
    await busy(world)
    await report(world, progress_percentage=50)
    late = [event for _, _, event in world.publisher.published]
    world.now += timedelta(seconds=1)
    await forget(world)
    before = await documents(world, lambda _: True)
    for event in late:
        await hand_out(world, event)
    assert await documents(world, lambda _: True) == before
    assert await rows(world, "maya") == []


async def test_a_lesson_listed_after_the_forgetting_is_taken_off_the_list_by_its_event(world: World) -> None:
    async def rival() -> None:
        await forget(world)

    world.documents.before_commit = rival  # forgotten before the lesson is committed, whose request came earlier
    await lesson_for(world)
    assert len(await rows(world, "maya")) == 1
    await deliver(world)
    assert await rows(world, "maya") == []
    assert set(await documents(world, names_maya)) == {"learner:maya"}


async def test_who_comes_back_starts_anew_under_the_next_version(world: World) -> None:
    await busy(world)
    version = (await load_learner(world.documents, "maya"))[0].version
    await forget(world)
    world.now += timedelta(minutes=1)
    await report(world, progress_percentage=5)
    await deliver(world)
    learner, _ = await load_learner(world.documents, "maya")
    assert (learner.version, learner.forgotten_at, list(learner.lessons)) == (version + 2, NOW, ["l1"])
    assert len(await world.rows("lesson_progress")) == 1
    assert [entry["lesson_id"] for entry in (await export(world)).lesson_entries] == ["l1"]
    await forget(world)
    with pytest.raises(NotFound, match="12:01:00"):
        await export(world)


async def test_forgetting_can_be_repeated_and_asked_for_anybody(world: World) -> None:
    assert await forget(world) == 204
    assert await forget(world) == 204
    world.now += timedelta(seconds=1)
    await report(world, progress_percentage=5)
    assert await forget(world) == 204
    assert await documents(world, lambda _: True) == {"learner:maya": (await world.document("learner:maya"))}


async def test_an_update_that_came_first_is_forgotten_too(world: World) -> None:
    await busy(world)

    async def rival() -> None:
        world.now += timedelta(seconds=5)
        await report(world, lesson_id="rival", progress_percentage=5)

    call, world.documents.before_commit = world.call(), rival
    await forget(world, call=call)
    await deliver(world)
    assert (await load_learner(world.documents, "maya"))[0].forgotten_at == NOW + timedelta(seconds=5)
    assert set(await documents(world, names_maya)) == {"learner:maya"}
    assert await rows(world, "maya") == []


async def test_an_update_that_was_under_way_does_not_bring_them_back(world: World) -> None:
    await busy(world)
    call = world.call()

    async def rival() -> None:
        world.now += timedelta(seconds=1)
        await forget(world)

    world.documents.before_commit = rival
    late = UpdateProgress(user_id="maya", lesson_id="l1", progress_percentage=5)
    with pytest.raises(Unavailable, match="forgotten while this was under way"):
        await update_progress(world.ports, call, late)
    assert (await load_learner(world.documents, "maya"))[0].lessons == {}


async def test_what_a_clock_that_is_ahead_wrote_is_of_before(world: World) -> None:
    world.now += timedelta(seconds=3)
    await lesson_for(world)
    world.now = NOW
    await forget(world)
    assert (await load_learner(world.documents, "maya"))[0].forgotten_at == NOW + timedelta(seconds=3)
    await deliver(world)
    assert set(await documents(world, names_maya)) == {"learner:maya"}


async def test_a_class_that_changed_meanwhile_is_not_written_over(world: World) -> None:
    await busy(world)

    async def rival() -> None:
        await classroom(world, "of-maya", "new", "maya", "somebody")

    world.documents.before_commit = rival
    await forget(world)
    assert (await world.document("class:of-maya") or {})["user_ids"] == ["new", "somebody"]


# Failures


@pytest.mark.parametrize("store", ["documents", "read_model"])
async def test_without_a_store_nothing_is_deleted(world: World, store: str) -> None:
    await busy(world)
    before, commits = await documents(world, lambda _: True), len(world.documents.commits)
    getattr(world, store).down = True
    with pytest.raises(Unavailable):
        await forget(world)
    getattr(world, store).down = False
    assert await documents(world, lambda _: True) == before and len(world.documents.commits) == commits


async def test_a_failed_commit_deletes_nothing(world: World) -> None:
    await busy(world)
    before = await documents(world, lambda _: True)
    world.documents.fail_at = {len(world.documents.commits) + 1: LOST}
    with pytest.raises(Unavailable):
        await forget(world)
    assert await documents(world, lambda _: True) == before


async def test_a_read_model_that_fails_after_the_commit_is_cleaned_by_asking_again(world: World) -> None:
    await busy(world)
    inner = world.read_model.inner.write

    async def down(*_: Any) -> None:
        raise Unavailable("The read model did not answer.")

    world.read_model.inner.write = down  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await forget(world)
    world.read_model.inner.write = inner  # type: ignore[method-assign]
    assert len(await rows(world, "maya")) > 0
    with pytest.raises(NotFound):
        await export(world)
    assert await forget(world) == 204
    assert await rows(world, "maya") == []


async def test_what_one_transaction_cannot_delete_is_found_again_until_it_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await busy(world)
    monkeypatch.setattr(erasing, "AT_ONCE", 2)  # of three lessons, two events and two records
    world.documents.fail_at = {len(world.documents.commits) + 2: LOST}
    with pytest.raises(Unavailable):
        await forget(world)
    left = (await world.document("forgetting:maya") or {})["keys"]
    assert len(left) == 5 and set(left) <= set(await documents(world, lambda _: True))
    with pytest.raises(NotFound, match="was forgotten"):
        await export(world)
    world.now += timedelta(minutes=1)
    await report(world, progress_percentage=5)  # they come back before it is done
    await erase(world.ports, "maya")
    assert set(await documents(world, names_maya)) == {"learner:maya"}
    assert not set(left) & set(await documents(world, lambda _: True))


@pytest.mark.parametrize("happened", ["nothing", "written, and nobody told"])
@pytest.mark.parametrize("commit", [1, 2, 3])
async def test_wherever_it_is_cut_short_asking_again_finishes_it(
    world: World, monkeypatch: pytest.MonkeyPatch, commit: int, happened: str
) -> None:
    await busy(world)
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    number = len(world.documents.commits) + commit
    if happened == "nothing":
        world.documents.fail_at = {number: LOST}
    else:
        world.documents.unknown_at = {number}
    with pytest.raises(Unavailable):
        await forget(world)
    assert await forget(world) == 204
    assert set(await documents(world, names_maya)) == {"learner:maya"}
    assert not [key for key in await documents(world, lambda _: True) if key.startswith(("lesson:", "outbox:"))]
    assert await rows(world, "maya") == []


async def test_two_that_forget_the_same_learner_at_once_both_end_with_nothing_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await busy(world)
    monkeypatch.setattr(erasing, "AT_ONCE", 1)

    async def rival() -> None:
        await erase(world.ports, "maya")

    world.documents.before_commit = rival
    await erase(world.ports, "maya")
    assert set(await documents(world, names_maya)) == {"learner:maya"}


# Through HTTP


@pytest.fixture
def client(world: World) -> httpx.AsyncClient:
    app.state.settings, app.state.ports = Settings(auth="off"), world.ports
    return client_of(app)


async def test_an_export_is_a_file_and_forgetting_answers_nothing(world: World, client: httpx.AsyncClient) -> None:
    await busy(world, "maya:x@school")
    answer = await client.get("/learners/maya:x@school/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["content-disposition"] == 'attachment; filename="maya:x@school.json"'
    assert answer.json()["user_id"] == "maya:x@school"
    gone = await client.delete("/learners/maya:x@school", headers={"Accept": "text/html"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert "content-type" not in gone.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/learners/nobody/export", 404),
        ("GET", "/learners/no%20body/export", 400),
        ("DELETE", "/learners/no%20body", 400),
        ("DELETE", "/learners/maya?really=yes", 400),
        ("GET", "/learners/maya/export?format=csv", 400),
        ("GET", "/learners/maya", 405),
        ("POST", "/learners/maya/export", 405),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_read_model_that_is_away_is_a_503_that_says_when_to_come_again(
    world: World, client: httpx.AsyncClient
) -> None:
    await busy(world)
    world.read_model.down = True
    answer = await client.delete("/learners/maya")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
