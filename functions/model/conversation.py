"""Dapr's Conversation API: a component of the sidecar, which holds the key and knows the provider.

Alpha 2, the version with roles, a response format and counted tokens (daprd 1.17 and later).
"""

from collections.abc import Sequence
from typing import Any

import grpc.aio
from dapr.proto.runtime.v1 import ai_pb2

from functions.model.reasons import BUSY, CUT_SHORT, UNREACHABLE
from functions.runtime.errors import NoAnswer
from functions.runtime.ports import Json, Message, Meter
from functions.runtime.sidecar import Sidecar
from functions.runtime.telemetry import log


class Conversation:
    """A component of type `conversation.…`."""

    def __init__(self, sidecar: Sidecar, component: str, deadline: float) -> None:
        self._sidecar, self._component, self._deadline = sidecar, component, deadline

    async def ask(self, messages: Sequence[Message], schema: Json, max_tokens: int, meter: Meter) -> str:
        request = ai_pb2.ConversationRequestAlpha2(
            name=self._component,
            inputs=[ai_pb2.ConversationInputAlpha2(messages=[_message(message) for message in messages])],
            # Not a word of it reaches a provider before daprd 1.19 (dapr/dapr#10317): until then the component's own
            # settings bound an answer, and the deadline.
            max_tokens=max_tokens,
        )
        request.response_format.update(schema)
        before = meter.tokens
        for message in messages:
            meter.add(message.text)
        try:
            answer = await self._sidecar.stub.ConverseAlpha2(
                request, timeout=self._deadline, metadata=self._sidecar.metadata()
            )
        except grpc.aio.AioRpcError as error:
            meter.tokens = before
            # its text may quote what was sent
            log.warning("the model did not answer", extra={"code": error.code().name})
            busy = error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            raise NoAnswer(BUSY if busy else UNREACHABLE) from None
        return _text(answer, meter, before)


def _text(answer: Any, meter: Meter, before: int) -> str:
    choices = [choice for output in answer.outputs for choice in output.choices]
    text = "".join(choice.message.content for choice in choices[:1])
    meter.add(text)
    if told := sum(output.usage.total_tokens for output in answer.outputs):
        meter.tokens = before + told
    if choices and choices[0].finish_reason == "length":
        raise NoAnswer(CUT_SHORT)
    return text


def _message(message: Message) -> Any:
    content = [ai_pb2.ConversationMessageContent(text=message.text)]
    match message.role:
        case "system":
            return ai_pb2.ConversationMessage(of_system=ai_pb2.ConversationMessageOfSystem(content=content))
        case "assistant":
            return ai_pb2.ConversationMessage(of_assistant=ai_pb2.ConversationMessageOfAssistant(content=content))
    return ai_pb2.ConversationMessage(of_user=ai_pb2.ConversationMessageOfUser(content=content))
