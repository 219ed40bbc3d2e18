"""A status as xAPI statements: what a Learning Record Store takes, and the same facts as the status itself."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ralph.models.xapi.base.statements import BaseXapiStatement

from functions.get_status.handler import XAPI, get_status
from functions.get_status.main import app
from functions.get_status.models import StatusQuery
from functions.get_status.xapi import PROGRESS, Statements, statements_of
from functions.learning.curriculum import course
from functions.learning.learner import Learner, LessonEntry, TopicRecord
from functions.learning.mastery import mastery_by_topic
from functions.runtime.errors import Forbidden, InvalidRequest
from functions.runtime.ports import Call, Reply
from functions.runtime.settings import Settings
from tests.support.fakes import MAYA, NOW, World, client_of, report
from tests.support.xapi_rules import problems_of

Json = dict[str, Any]
QUIZ, QUALITY = [{"kind": "quiz", "score": 100}] * 2, [{"kind": "code_quality", "score": 100}] * 2


async def ask(world: World, call: Call | None = None, /, **query: Any) -> Reply:
    request = StatusQuery.model_validate({"user_id": "maya"} | query)
    return await get_status(world.ports, call or world.call(accept=XAPI), request)


async def statements(world: World, /, **query: Any) -> list[Json]:
    reply = await ask(world, **query)
    assert isinstance(reply.body, Statements) and reply.media_type == XAPI
    return reply.body.statements


def said(found: list[Json]) -> list[tuple[str, str]]:
    """The verb and the object of each, by their last names."""
    return [(s["verb"]["id"].rpartition("/")[2], s["object"]["id"].removeprefix("urn:learnflow:")) for s in found]


async def mastered(world: World, topic_id: str = "for-loops", lesson_id: str = "l1") -> None:
    """Proficient: everything right, on one day."""
    exercises = [
        {"kind": "exercise", "exercise_id": name, "passed_tests": found.tests, "total_tests": found.tests}
        for name, found in course().topic(topic_id).exercises.items()
        if name in course().topic(topic_id).core_exercises
    ]
    evidence = [*exercises, *QUIZ, *QUALITY]
    await report(world, lesson_id=lesson_id, topic=topic_id, status="completed", evidence=evidence)


# What is said


async def test_nothing_is_said_of_a_learner_of_whom_nothing_is_known(world: World) -> None:
    body = (await ask(world)).body
    assert isinstance(body, Statements) and json.loads(body.model_dump_json()) == {"statements": [], "more": ""}


async def test_a_lesson_has_progressed_and_when_it_is_done_it_is_completed_too(world: World) -> None:
    await report(world, lesson_id="l1", progress_percentage=40.9)
    world.now += timedelta(hours=1)
    await report(world, lesson_id="l2", status="completed")
    found = await statements(world)
    assert said(found) == [("progressed", "lesson:l2"), ("completed", "lesson:l2"), ("progressed", "lesson:l1")]
    assert [s["result"] for s in found] == [
        {"extensions": {PROGRESS: 100}},
        {"completion": True},
        {"extensions": {PROGRESS: 40}},
    ]
    assert [s["timestamp"][11:19] for s in found] == ["13:00:00", "13:00:00", "12:00:00"]


def test_a_lesson_that_was_only_written_says_nothing() -> None:
    entry = LessonEntry("l1", "python", "for-loops")
    assert statements_of(Learner("maya"), [entry], {}, False, "").statements == []


async def test_a_topic_is_passed_from_proficient_on(world: World) -> None:
    await report(world, lesson_id="l2", topic="while-loops", evidence=[*QUIZ, *QUALITY])  # 51
    await mastered(world)
    [passed] = [s for s in await statements(world) if s["verb"]["display"] == {"en": "passed"}]
    assert passed["object"]["id"] == "urn:learnflow:topic:for-loops"
    assert passed["result"] == {"score": {"scaled": 0.91, "raw": 91.0, "min": 0, "max": 100}, "success": True}


def test_a_score_of_too_little_evidence_is_not_passed() -> None:
    learner = Learner("maya", topics={"for-loops": TopicRecord(attempts=9, assessed=90.0, last_activity=NOW)})
    mastery = mastery_by_topic(learner, course())
    assert (mastery["for-loops"].score, statements_of(learner, [], mastery, False, "").statements) == (90.0, [])


async def test_who_did_it_is_an_account_of_this_deployment(world: World) -> None:
    await report(world, progress_percentage=40)
    [unset] = await statements(world)
    assert unset["actor"]["account"] == {"homePage": "urn:learnflow:accounts", "name": "maya"}
    reply = await ask(world, world.call(accept=XAPI, public_url="https://learn.example"))
    assert isinstance(reply.body, Statements)
    [public] = reply.body.statements
    assert public["actor"]["account"] == {"homePage": "https://learn.example", "name": "maya"}


async def test_a_lesson_is_named_and_stands_in_its_topic_and_course(world: World) -> None:
    await mastered(world)
    progressed = (await statements(world))[0]
    assert progressed["object"]["definition"]["name"] == {"en": "For Loops"}
    around = progressed["context"]["contextActivities"]
    assert [one["id"] for kind in ("parent", "grouping") for one in around[kind]] == [
        "urn:learnflow:topic:for-loops",
        "urn:learnflow:course:python",
    ]


# Which


async def test_one_lesson_is_said_with_its_topic_alone(world: World) -> None:
    await mastered(world)
    await mastered(world, "while-loops", "l2")
    assert said(await statements(world, lesson_id="l2")) == [
        ("progressed", "lesson:l2"),
        ("completed", "lesson:l2"),
        ("passed", "topic:while-loops"),
    ]
    assert await statements(world, lesson_id="l9") == []


async def test_filters_choose_lessons_and_with_them_topics(world: World) -> None:
    await mastered(world)
    await report(world, lesson_id="l2", topic="lists", progress_percentage=10)
    assert said(await statements(world, topic="lists")) == [("progressed", "lesson:l2")]
    assert ("passed", "topic:for-loops") in said(await statements(world, status="completed"))
    assert said(await statements(world, level="Mastered", status="in_progress")) == []


async def test_all_lessons_are_said_and_not_a_page_of_them(world: World) -> None:
    for number in range(70):  # some of them sealed
        await report(world, lesson_id=f"l{number:02}", progress_percentage=10)
    found = await statements(world, limit=1)
    assert {s["object"]["id"] for s in found} == {f"urn:learnflow:lesson:l{n:02}" for n in range(70)}


@pytest.mark.parametrize("beside", [{"cursor": "abc"}, {"explain": True}, {"include": "history"}])
async def test_what_statements_cannot_hold_is_refused(world: World, beside: Json) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(beside))):
        await ask(world, **beside)


async def test_a_learner_has_only_their_own(world: World) -> None:
    with pytest.raises(Forbidden):
        await ask(world, world.call(accept=XAPI, principal=MAYA), user_id="james")


# Ids


async def test_the_same_facts_have_the_same_ids_and_a_changed_fact_another(world: World) -> None:
    await report(world, lesson_id="l1", progress_percentage=40)
    await report(world, lesson_id="l2", progress_percentage=10)
    first = {s["object"]["id"]: s["id"] for s in await statements(world)}
    world.now += timedelta(days=1)
    assert {s["object"]["id"]: s["id"] for s in await statements(world)} == first
    await report(world, lesson_id="l1", progress_percentage=40.5, occurred_at=NOW)  # rounds to the same integer
    second = {s["object"]["id"]: s["id"] for s in await statements(world)}
    assert second["urn:learnflow:lesson:l2"] == first["urn:learnflow:lesson:l2"]
    assert second["urn:learnflow:lesson:l1"] != first["urn:learnflow:lesson:l1"]


def test_a_title_that_changes_does_not_make_it_another_fact() -> None:
    entry = LessonEntry("l1", "python", "for-loops", 40.0, last_activity=NOW)
    [before] = statements_of(Learner("maya"), [entry], {}, False, "").statements
    entry.listed = {"title": "Loops, retold"}
    [after] = statements_of(Learner("maya"), [entry], {}, False, "").statements
    assert after["object"]["definition"]["name"] == {"en": "Loops, retold"} and after["id"] == before["id"]


# The rules of xAPI

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
IDS = st.from_regex(r"[A-Za-z0-9._:@-]{1,128}", fullmatch=True)
TOPICS = st.sampled_from([*course().by_id, None, "a-topic-that-was-dropped"])


@st.composite
def entries(draw: st.DrawFn) -> LessonEntry:
    listed = st.none() | st.builds(lambda title: {"title": title, "created_at": ""}, st.text(min_size=1))
    return LessonEntry(
        lesson_id=draw(IDS),
        course_id=draw(IDS),
        topic=draw(TOPICS),
        progress_percentage=draw(st.floats(0, 100)),
        completed_at=draw(st.none() | MOMENTS),
        last_activity=draw(st.none() | MOMENTS),
        listed=draw(listed),
    )


RECORDS = st.builds(
    TopicRecord,
    attempts=st.integers(0, 9),
    counts=st.dictionaries(st.sampled_from(["exercises", "quiz", "code_quality"]), st.integers(0, 9)),
    assessed=st.integers(0, 9000).map(lambda cents: cents / 100),
    last_activity=st.none() | MOMENTS,
)


@settings(deadline=None)
@given(
    IDS,
    st.lists(entries(), max_size=6),
    st.dictionaries(st.sampled_from([*course().by_id]), RECORDS, max_size=6),
    st.booleans(),
    st.sampled_from(["", "https://learn.example"]),
)
def test_whatever_a_learner_did_is_said_by_the_rules(
    user_id: str, lessons: list[LessonEntry], topics: dict[str, TopicRecord], narrowed: bool, home: str
) -> None:
    learner = Learner(user_id, topics=topics)
    found = statements_of(learner, lessons, mastery_by_topic(learner, course()), narrowed, home)
    for statement in json.loads(found.model_dump_json())["statements"]:
        assert problems_of(statement) == []
        BaseXapiStatement.model_validate(statement)  # the second judge: the models of Ralph, a store


GOOD: Json = {
    "id": "0b3a2f4e-5f0c-5b7e-9d1c-0e8f6f1f2a3b",
    "actor": {"objectType": "Agent", "account": {"homePage": "https://learn.example", "name": "maya"}},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/passed", "display": {"en": "passed"}},
    "object": {"id": "urn:learnflow:topic:for-loops", "definition": {"name": {"en": "For Loops"}}},
    "result": {"score": {"scaled": 0.9, "raw": 90, "min": 0, "max": 100}, "extensions": {"https://e.example/x": None}},
    "context": {"language": "en-GB", "contextActivities": {"parent": [{"id": "urn:x:1"}]}},
    "timestamp": "2026-03-10T12:00:00.000000Z",
    "version": "1.0.0",
}
BREAKS: list[tuple[str, Callable[[Json], Any]]] = [
    ("id", lambda s: s.update(id="1")),
    ("actor", lambda s: s["actor"].pop("account")),
    ("actor", lambda s: s["actor"].update(mbox="mailto:maya@learn.example")),
    ("actor.account.homePage", lambda s: s["actor"]["account"].update(homePage="learn.example")),
    ("actor.account.name", lambda s: s["actor"]["account"].update(name="")),
    ("verb", lambda s: s.pop("verb")),
    ("verb.id", lambda s: s["verb"].update(id="passed")),
    ("verb.display", lambda s: s["verb"].update(display="passed")),
    ("verb.display.en_GB", lambda s: s["verb"].update(display={"en_GB": "passed"})),
    ("object.id", lambda s: s["object"].update(id="for-loops")),
    ("object.definition", lambda s: s["object"].update(definition={})),
    ("result.score.scaled", lambda s: s["result"]["score"].update(scaled=90)),
    ("result.score.raw", lambda s: s["result"]["score"].update(raw=101)),
    ("result.score", lambda s: s["result"]["score"].update(min=100)),
    ("result.success", lambda s: s["result"].update(success="true")),
    ("result.success", lambda s: s["result"].update(success=None)),
    ("result.extensions.progress", lambda s: s["result"].update(extensions={"progress": 3})),
    ("context.language", lambda s: s["context"].update(language="english language")),
    ("context.contextActivities.parent.0.id", lambda s: s["context"]["contextActivities"]["parent"][0].pop("id")),
    ("timestamp", lambda s: s.update(timestamp="2026-03-10T12:00:00")),
    ("timestamp", lambda s: s.update(timestamp="2026-02-30T12:00:00Z")),
    ("version", lambda s: s.update(version="2.0")),
    ("mood", lambda s: s.update(mood="fine")),
]


def test_the_judge_finds_nothing_wrong_with_a_good_statement() -> None:
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(("path", "breaks"), BREAKS)
def test_the_judge_names_what_breaks_a_rule(path: str, breaks: Callable[[Json], Any]) -> None:
    statement = copy.deepcopy(GOOD)
    breaks(statement)
    assert f"statement.{path}" in {problem.partition(": ")[0] for problem in problems_of(statement)}


# Through HTTP


async def test_the_accept_header_chooses_statements_and_each_form_has_its_own_etag(world: World) -> None:
    await report(world, progress_percentage=40)
    app.state.settings, app.state.ports = Settings(auth="off", public_url="https://learn.example"), world.ports
    async with client_of(app) as client:
        answer = await client.get("/status?user_id=maya", headers={"Accept": XAPI})
        plain = await client.get("/status?user_id=maya")
        same = await client.get(
            "/status?user_id=maya", headers={"Accept": XAPI, "If-None-Match": answer.headers["etag"]}
        )
        other = await client.get("/status?user_id=maya", headers={"If-None-Match": answer.headers["etag"]})
    assert (answer.status_code, answer.headers["content-type"], answer.headers["vary"]) == (200, XAPI, "Accept")
    assert [problems_of(statement) for statement in answer.json()["statements"]] == [[]]
    assert plain.json()["user_id"] == "maya" and plain.headers["content-type"] == "application/json"
    assert (same.status_code, other.status_code) == (304, 200)


def test_other_answers_do_not_load_it() -> None:
    script = "import sys, functions.get_status.main; sys.exit('functions.get_status.xapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
