"""What a lesson may cost: reserved, corrected, never spent twice, gone with its learner."""

import asyncio
from datetime import timedelta

import pytest

from functions.manage_learner.erasing import erase
from functions.model.asking import Asker
from functions.model.budget import Budget
from functions.model.prompting import Prompt
from functions.runtime.errors import NoAnswer, Unavailable
from functions.runtime.ports import Json, Message, Meter, Model
from functions.runtime.settings import ModelSettings
from functions.usecases.drafts import budget_key
from tests.support.fakes import LOST, NOW, World, report

KEY = "budget:maya:2026-03-10"
PROMPT = Prompt("quiz", (Message("user", "x" * 300),), {})  # 100 tokens


def budget(world: World, daily: int = 1000) -> Budget:
    return Budget(world.documents, "maya", daily, world.now)


async def spent(world: World) -> object:
    found = await world.document(KEY)
    return found["tokens"] if found else None


class Saying:
    """Answers, or fails, at a price."""

    def __init__(self, cost: int, error: Exception | None = None, never: bool = False) -> None:
        self.cost, self.error, self.never, self.asked = cost, error, never, asyncio.Event()

    async def ask(self, messages: object, schema: Json, max_tokens: int, meter: Meter) -> str:  # noqa: ARG002
        self.asked.set()
        meter.tokens = self.cost
        if self.never:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return "{}"


def asker(world: World, says: Saying, lesson: int = 1000, daily: int = 1000) -> Asker:
    settings = ModelSettings("openai", answer_tokens=200, lesson_tokens=lesson, daily_tokens=daily)
    return Asker(Model(says, settings), world.documents, "maya", world.now)


async def test_what_was_reserved_is_corrected_to_what_it_cost(world: World) -> None:
    assert await budget(world).reserve(300)
    assert await spent(world) == 300
    await budget(world).settle(300, 120)
    assert await spent(world) == 120


async def test_more_than_is_left_is_not_given(world: World) -> None:
    assert await budget(world).reserve(700)
    assert not await budget(world).reserve(301)
    assert await budget(world).reserve(300)


async def test_lessons_at_once_cannot_spend_the_same_tokens(world: World) -> None:
    given = await asyncio.gather(*(budget(world).reserve(300) for _ in range(6)))
    assert (sum(given), await spent(world)) == (3, 900)


async def test_a_new_day_has_tokens_of_its_own_and_a_lesson_is_settled_on_the_day_it_was_begun(world: World) -> None:
    yesterday = budget(world)
    assert await yesterday.reserve(1000)
    world.now += timedelta(days=1)
    assert await budget(world).reserve(1000)
    await yesterday.settle(1000, 10)
    assert (await spent(world), await world.document("budget:maya:2026-03-11")) == (10, {"tokens": 1000})


async def test_a_budget_goes_with_its_learner_and_does_not_come_back(world: World) -> None:
    await report(world, progress_percentage=10)
    under_way = budget(world)
    assert await under_way.reserve(300)
    await erase(world.ports, "maya")
    await under_way.settle(300, 120)
    assert not await under_way.reserve(300)
    assert await world.document(KEY) is None


async def test_another_learners_budget_stays(world: World) -> None:
    other = budget_key("maya:2026-03-10", NOW.date())
    await Budget(world.documents, "maya:2026-03-10", 1000, NOW).reserve(5)
    await erase(world.ports, "maya")
    assert await world.document(other) == {"tokens": 5}


async def test_an_answer_costs_what_was_counted(world: World) -> None:
    await asker(world, Saying(77)).ask(PROMPT)
    assert await spent(world) == 77


@pytest.mark.parametrize("error", [NoAnswer("cut_short"), RuntimeError("a fault")])
async def test_an_answer_that_failed_costs_what_it_had_cost_by_then(world: World, error: Exception) -> None:
    with pytest.raises(type(error)):
        await asker(world, Saying(42, error)).ask(PROMPT)
    assert await spent(world) == 42


async def test_one_that_is_given_up_costs_what_it_had_cost_by_then(world: World) -> None:
    says = Saying(42, never=True)
    task = asyncio.create_task(asker(world, says).ask(PROMPT))
    await says.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await spent(world) == 42


async def test_one_that_is_given_up_while_it_is_being_reserved_costs_nothing(world: World) -> None:
    says = Saying(42)

    async def give_up() -> None:
        task.cancel()

    world.documents.before_commit = give_up
    task = asyncio.create_task(asker(world, says).ask(PROMPT))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (says.asked.is_set(), await spent(world)) == (False, 0)


@pytest.mark.parametrize(("lesson", "daily", "why"), [(299, 1000, "lesson_budget"), (1000, 299, "daily_budget")])
async def test_a_question_that_could_cost_too_much_is_not_asked(
    world: World, lesson: int, daily: int, why: str
) -> None:
    says = Saying(1)
    with pytest.raises(NoAnswer, match=why):
        await asker(world, says, lesson, daily).ask(PROMPT)
    assert (says.asked.is_set(), await spent(world)) == (False, None)


async def test_what_was_not_used_can_be_used_for_the_next_question_of_the_lesson(world: World) -> None:
    asking = asker(world, Saying(10), lesson=310)
    await asking.ask(PROMPT)
    await asking.ask(PROMPT)
    with pytest.raises(NoAnswer, match="lesson_budget"):
        await asking.ask(PROMPT)


async def test_a_store_that_does_not_answer_means_no_model(world: World) -> None:
    says = Saying(1)
    world.documents.down = True
    with pytest.raises(NoAnswer, match="failed"):
        await asker(world, says).ask(PROMPT)
    assert not says.asked.is_set()


async def test_what_could_not_be_given_back_stays_reserved(world: World) -> None:
    world.documents.fail_at = {2: LOST}
    await asker(world, Saying(10)).ask(PROMPT)
    assert await spent(world) == 300
    with pytest.raises(Unavailable):
        world.documents.down = True
        await budget(world).settle(1, 0)
