"""Answers of others: read with care, asked for once a day, and a 503 where they cannot be had."""

from typing import Any

import pytest

from functions.find_answers.handler import STACK_EXCHANGE, find_answers
from functions.find_answers.models import Answers, FindAnswers
from functions.runtime.errors import Forbidden, Unavailable
from functions.runtime.ports import Json
from tests.support.backends import ROOT
from tests.support.fakes import MAYA, World

ERROR = "IndexError: list index out of range"
QUESTION = {
    "title": "What does &quot;list index out of range&quot; mean?",
    "link": "https://stackoverflow.com/questions/1098643/x",
    "score": 12,
    "answer_count": 3,
    "owner": {"display_name": "somebody"},
}


async def asked(world: World, *items: Json, error: str = ERROR, user_id: str = "maya") -> Answers:
    world.apis.answers["stackexchange"] = {"items": list(items), "quota_remaining": 299}
    body = (await find_answers(world.ports, world.call(principal=MAYA), FindAnswers(user_id=user_id, error=error))).body
    assert isinstance(body, Answers)
    return body


async def test_questions_are_shown_with_their_links(world: World) -> None:
    [question] = (await asked(world, QUESTION)).questions
    assert question.model_dump() == {
        "title": 'What does "list index out of range" mean?',
        "link": "https://stackoverflow.com/questions/1098643/x",
        "score": 12,
        "answer_count": 3,
    }


async def test_it_is_told_the_error_and_not_who_asks(world: World) -> None:
    await asked(world)
    [(api, path, query)] = world.apis.asked
    assert (api, path, query["q"]) == ("stackexchange", "/search/advanced", ERROR)
    assert "maya" not in str(query)


async def test_the_same_error_is_asked_for_once_a_day(world: World) -> None:
    first = await asked(world, QUESTION)
    assert await asked(world) == first
    assert len(world.apis.asked) == 1
    assert (await asked(world, error="KeyError: 'x'")).questions == []


@pytest.mark.parametrize(
    "wrong", [{"link": "javascript:alert(1)"}, {"link": "https://stackoverflow.com.evil.example/"}, {"score": "many"}]
)
async def test_what_it_cannot_read_is_not_shown_and_not_kept(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        await asked(world, QUESTION | wrong)
    assert len((await asked(world, QUESTION)).questions) == 1


async def test_an_api_that_is_away_is_a_503(world: World) -> None:
    world.apis.down = True
    with pytest.raises(Unavailable):
        await asked(world, QUESTION)


async def test_nobody_asks_in_anothers_name(world: World) -> None:
    with pytest.raises(Forbidden):
        await asked(world, user_id="james")
    assert world.apis.asked == []


def test_daprd_asks_where_the_embedded_run_does() -> None:
    assert f"value: {STACK_EXCHANGE.url}}}" in (ROOT / "components/stackexchange.yaml").read_text()
