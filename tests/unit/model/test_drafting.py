"""A lesson with a model: what is remembered, for whom, until when, and what happens when its time is up."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.learning.curriculum import content
from functions.learning.learner import Learner
from functions.learning.lessons.types import Section
from functions.manage_learner.erasing import erase
from functions.manage_learner.exporting import exported
from functions.prepare_lesson.handler import prepare_remedial
from functions.proof import sandbox
from functions.runtime.errors import NoAnswer, Unavailable
from functions.runtime.ports import Json, Message, Meter, Model
from functions.runtime.settings import ModelSettings
from functions.usecases.events import StruggleDetected
from functions.usecases.learners import load_learner
from functions.usecases.lesson_documents import LessonDocument
from functions.usecases.lesson_models import public_lesson
from functions.usecases.writing_lessons import Wanted, Written, assign, write_lesson
from tests.support.fakes import NOW, World, lesson_for, received, report, struggle
from tests.support.model_server import part_of, text_of

WANTED = Wanted("for-loops", "standard")
PLENTY = ModelSettings("openai", name="local", daily_tokens=10**8, lesson_tokens=10**8)


class Local:
    """The local server's answers without a server. `slow`: parts whose answer never comes."""

    def __init__(self, mode: str = "good", slow: Sequence[str] = ()) -> None:
        self.mode, self.slow = mode, slow
        self.asked: list[Json] = []
        self.given_up: list[str] = []

    async def ask(self, messages: Sequence[Message], schema: Json, max_tokens: int, meter: Meter) -> str:  # noqa: ARG002
        body = {"messages": [{"role": m.role, "content": m.text} for m in messages]}
        self.asked.append(body)
        meter.tokens = 10
        try:
            if part_of(body) in self.slow:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up.append(part_of(body))
            raise
        return text_of(self.mode, body)


@pytest.fixture
async def local(world: World) -> AsyncIterator[Local]:
    made = Local()
    world.model = Model(made, PLENTY)
    yield made


async def written(world: World, user_id: str = "maya", tell: Any = None) -> Written:
    learner, _ = await load_learner(world.documents, user_id)
    return await write_lesson(world.ports, assign(learner, WANTED, world.now), tell)


def without_time(made: Written) -> Json:
    told = {name: value for name, value in made.provenance.items() if name not in ("duration_ms", "cache")}
    return made.lesson | {"provenance": told}


def reading(made: Written) -> str:
    return next(str(section["body"]) for section in made.lesson["sections"] if section["title"] == "Explanation")


async def entries(world: World) -> list[str]:
    return list(await world.documents.inner.scan("written:", 100))


async def says(world: World, text: str, user_id: str = "maya") -> None:
    evidence = [{"kind": "message", "text": text}]
    await report(world, user_id=user_id, topic="for-loops", evidence=evidence)


async def test_without_a_model_a_lesson_says_nothing_of_one(world: World) -> None:
    lesson = await lesson_for(world)
    assert (lesson.provenance.generator, lesson.provenance.cache) == ("curriculum", "none")
    assert not {"model", "parts", "fallbacks", "prompt_version"} & lesson.provenance.model_dump().keys()


async def test_the_same_question_is_answered_from_memory_with_the_same_content(world: World, local: Local) -> None:
    first = await written(world)
    asked = len(local.asked)
    again = await written(world, "james")
    assert (first.provenance["cache"], again.provenance["cache"]) == ("miss", "hit")
    assert without_time(first) == without_time(again) and len(local.asked) == asked == 5
    assert await world.document("budget:james:2026-03-10") is None


async def test_what_did_not_hold_is_remembered_beside_what_did(world: World, local: Local) -> None:
    local.mode = "one item bad"
    first = await written(world)
    assert without_time(await written(world)) == without_time(first)
    assert first.provenance["parts"]["quiz"] == "mixed"


async def test_an_answer_of_which_nothing_held_is_asked_for_again(world: World, local: Local) -> None:
    local.mode = "no JSON"
    assert (await written(world)).provenance["generator"] == "curriculum"
    local.mode = "good"
    assert set((await written(world)).provenance["parts"].values()) == {"model"}


async def test_another_model_and_another_curriculum_are_other_questions(
    world: World, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(world)
    world.model = Model(local, replace(PLENTY, name="other"))
    assert (await written(world)).provenance["cache"] == "miss"
    monkeypatch.setattr("functions.model.prompting.PROMPT_VERSION", "next")
    assert (await written(world)).provenance["cache"] == "miss"


async def test_what_is_remembered_is_forgotten_after_its_days(world: World, local: Local) -> None:
    await written(world)
    kept = [write for commit in world.documents.commits for write in commit if write.key.startswith("written:")]
    assert {write.ttl_seconds for write in kept} == {30 * 86_400} and len(local.asked) == 5


async def test_a_question_with_a_learners_words_is_remembered_for_them_alone_and_goes_with_them(
    world: World, local: Local
) -> None:
    await says(world, "I do not get the range")
    first = await written(world)
    own = [key for key in await entries(world) if key.startswith("written:maya:")]
    assert len(own) == 1 and len(await entries(world)) == 5
    assert (await written(world)).provenance["cache"] == "hit"
    assert len(local.asked) == 5
    text = "".join(await exported(world.ports, "maya"))
    assert json.loads(text)["drafts"] == [{"0": reading(first)}]

    await says(world, "I do not get the range", "james")
    await written(world, "james")
    await erase(world.ports, "maya")
    left = await entries(world)
    assert not [key for key in left if key.startswith("written:maya:")] and len(left) == 5


async def test_who_is_forgotten_while_a_model_writes_leaves_nothing_behind(world: World) -> None:
    await says(world, "I do not get the range")
    local = Local(slow=["reading"])
    world.model = Model(local, PLENTY)
    task = asyncio.create_task(written(world))
    while len(local.asked) < 5:
        await asyncio.sleep(0.001)
    await erase(world.ports, "maya")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = await world.documents.inner.scan("", 100)
    assert not [key for key in left if "maya" in key and not key.startswith("learner:")]


async def test_a_part_that_comes_too_late_is_the_curriculums_and_no_longer_waited_for(world: World) -> None:
    local = Local(slow=["reading", "quiz"])
    world.model = Model(local, replace(PLENTY, deadline=20))
    loop = asyncio.get_running_loop()
    told: list[str] = []

    async def tell(section: Section) -> None:
        told.append(section.kind)

    real = loop.time
    task = asyncio.create_task(written(world, tell=tell))
    while len(await entries(world)) < 3:  # the three parts that are answered
        await asyncio.sleep(0.01)
    loop.time = lambda: real() + 20  # type: ignore[method-assign]  # the deadline, without waiting for it
    try:
        made = await task
    finally:
        loop.time = real  # type: ignore[method-assign]
    assert {f["part"]: f["why"] for f in made.provenance["fallbacks"]} == {"reading": "too_slow", "quiz": "too_slow"}
    assert set(made.provenance["parts"]) == {"examples", "pitfalls", "exercises"}
    assert sorted(local.given_up) == ["quiz", "reading"]
    assert reading(made) == content("for-loops").explanation["beginner"]
    assert told == [section["kind"] for section in made.lesson["sections"]]


async def test_what_was_proved_when_time_was_up_is_kept(world: World) -> None:
    """The first answer held in part; the repair never came."""

    class NoRepair(Local):
        async def ask(self, messages: Sequence[Message], schema: Json, max_tokens: int, meter: Meter) -> str:
            if len(messages) > 3:
                raise NoAnswer("busy")
            return await super().ask(messages, schema, max_tokens, meter)

    world.model = Model(NoRepair("one item bad"), PLENTY)
    made = await written(world)
    assert made.provenance["parts"]["quiz"] == "mixed"
    assert {"part": "quiz", "why": "unsafe"} in made.provenance["fallbacks"]
    assert len(await entries(world)) == 1  # the reading: what a repair might have brought is asked for next time


async def test_a_fault_of_ours_costs_the_part_and_no_more_and_logs_no_words(
    world: World, local: Local, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("words of a learner")

    monkeypatch.setattr("functions.model.proving.prove_text", breaks)
    made = await written(world)
    assert made.provenance["fallbacks"] == [{"part": "reading", "why": "failed"}]
    assert "words of a learner" not in caplog.text and len(local.asked) == 5


async def test_where_programs_cannot_be_confined_none_is_run_and_nothing_of_the_kind_is_used(
    world: World, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object, **__: object) -> None:
        raise sandbox.SandboxUnavailable("not confined")

    monkeypatch.setattr(sandbox, "run", refuses)
    made = await written(world)
    assert made.provenance["parts"] == {"pitfalls": "model"}
    assert {f["why"] for f in made.provenance["fallbacks"]} == {"unprovable"} and local.asked


async def test_memory_that_does_not_answer_is_no_memory(world: World, local: Local) -> None:
    learner = Learner("maya")
    assignment = assign(learner, WANTED, world.now)
    broken = replace(world.ports, documents=Forgetful())  # type: ignore[arg-type]
    made = await write_lesson(broken, assignment)
    assert {f["why"] for f in made.provenance["fallbacks"]} == {"failed"} and local.asked == []


class Forgetful:
    async def load(self, *_: str) -> None:
        raise Unavailable("The state store did not answer.")


async def test_what_a_lesson_says_was_proved_is_what_was_proved_for_it(world: World, local: Local) -> None:
    made = await written(world)
    proved = made.lesson["verification"]
    assert proved["quiz_keys_computed"] == len(made.lesson["quiz"]) and local.asked
    assert proved["examples_executed"] == len(made.lesson["code_examples"])


async def test_a_learner_sees_no_key_of_a_models_question_and_no_solution_of_its_exercise(
    world: World, local: Local
) -> None:
    made = await written(world)
    stamp = "2026-03-10T12:00:00.000000Z"
    document = LessonDocument("l1", "maya", "python", "learner", 1, stamp, stamp, made.provenance, made.lesson)
    shown = public_lesson(document).model_dump_json()
    own = [e for e in made.lesson["exercises"] if e["exercise_id"].startswith("model-")]
    assert own and local.asked
    for exercise in own:
        assert json.dumps(exercise["solution"])[1:-1] not in shown
    for question in made.lesson["quiz"]:
        assert json.dumps(question["key"]["explanation"])[1:-1] not in shown


async def test_a_lesson_that_is_prepared_ahead_of_time_may_have_parts_of_a_model_at_the_learners_cost_of_today(
    world: World, local: Local
) -> None:
    await struggle(world)
    [told] = [event for topic, _, event in world.publisher.published if topic == "struggle-detected"]
    world.now += timedelta(days=5)  # it was on its way that long
    handled = received(StruggleDetected, told, world.now)
    await prepare_remedial(world.ports, handled)
    await prepare_remedial(world.ports, handled)
    [lesson] = (await world.documents.inner.scan("lesson:", 9)).values()
    parts = lesson["provenance"]["parts"]
    assert set(parts.values()) == {"model"} and len(local.asked) == len(parts)
    assert await world.document("budget:maya:2026-03-15") and not await world.document(f"budget:maya:{NOW.date()}")
