"""What others asked about an error message, by Stack Exchange's API: of who asks it is told nothing."""

from pydantic import ValidationError

from functions.find_answers.models import Answers, FindAnswers, Found
from functions.runtime.errors import Unavailable
from functions.runtime.idempotency import fingerprint
from functions.runtime.ports import Api, Call, Ports, Reply, Write
from functions.usecases.access import check_learner

STACK_EXCHANGE = Api("stackexchange", "https://api.stackexchange.com/2.3")
ONE_DAY = 24 * 3600


async def find_answers(ports: Ports, call: Call, request: FindAnswers) -> Reply:
    """Answered questions of others about an error message"""
    await check_learner(ports.documents, call.principal, request.user_id)
    key = f"answers:{fingerprint([request.error, request.limit])}"  # kept: there are 300 requests a day, for everybody
    if kept := (await ports.documents.load(key)).get(key):
        return Reply(Answers.model_validate(kept.value))
    answers = Answers(error=request.error, questions=(await _ask(ports, request)).items)
    await ports.documents.commit(Write(key, answers.model_dump(mode="json"), ttl_seconds=ONE_DAY))
    return Reply(answers)


async def _ask(ports: Ports, request: FindAnswers) -> Found:
    """Raises Unavailable: at once while the breaker is open."""
    query = {"q": request.error, "tagged": "python", "answers": "1", "site": "stackoverflow"}
    shown = {"sort": "votes", "order": "desc", "pagesize": str(request.limit)}
    found = await ports.apis.get(STACK_EXCHANGE, "/search/advanced", query | shown)
    try:
        return Found.model_validate(found)
    except ValidationError:
        raise Unavailable("Stack Exchange answered what this function cannot read.") from None
