"""A Reply made into the answer's proto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._service.models import Model
from xai_vision.testing._service.request_reader import ConversationSummary
from xai_vision.testing._service.response import encrypted_content as opaque
from xai_vision.testing._service.response.server_tools import add_server_tool_call
from xai_vision.testing._service.response.text import add_citations, add_logprobs, truncate
from xai_vision.testing._service.response.usage import fill_usage

_FINISH: Final = {
    "stop": sample_pb2.REASON_STOP,
    "length": sample_pb2.REASON_MAX_LEN,
    "max_context": sample_pb2.REASON_MAX_CONTEXT,
    "tool_calls": sample_pb2.REASON_TOOL_CALLS,
    "time_limit": sample_pb2.REASON_TIME_LIMIT,
}
# What the reply repeats of the request, where it was set.
_ECHOED: Final = frozenset(
    field.name for field in chat_pb2.RequestSettings.DESCRIPTOR.fields
) & frozenset(field.name for field in chat_pb2.GetCompletionsRequest.DESCRIPTOR.fields)
_NO_THOUGHT: Final = (chat_pb2.INVALID_EFFORT, chat_pb2.EFFORT_NONE)


@dataclass(frozen=True)
class ResponseBuilder:
    """Everything that making an answer out of a reply depends on.

    Attributes:
        request: What was asked.
        reading: The whole conversation, earlier turns included.
        model: Who answers.
        new_id: An id for the answer; ids of tool calls start from it.
        now: Seconds since the epoch.
        viewed: Image tokens of images the agent looked at.
    """

    request: chat_pb2.GetCompletionsRequest
    conversation: ConversationSummary
    model: Model
    new_id: str
    now: float
    viewed: int = 0

    def build(self, reply: Reply) -> chat_pb2.GetChatCompletionResponse:
        """Make the answer."""
        response = chat_pb2.GetChatCompletionResponse(
            id=reply.response_id or self.new_id,
            model=self.model.name,
            system_fingerprint=self.model.fingerprint,
            service_tier=self.request.service_tier or usage_pb2.SERVICE_TIER_DEFAULT,
        )
        response.created.FromMilliseconds(int(self.now * 1000))
        for number, step in enumerate(reply.steps):
            add_server_tool_call(response, step, self.request, self._call_id(number))
        for text in self._texts(reply):
            self._answer(response.outputs.add(index=len(response.outputs)), reply, text)
        response.citations.extend(reply.citations)
        for file_id, name in reply.files:
            response.output_files.add(file_id=file_id, name=name)
        self._echo(response.settings)
        _debug(response, reply.debug)
        fill_usage(response, reply, self.conversation, self.model, self.viewed)
        return response

    def _texts(self, reply: Reply) -> Sequence[str]:
        # An agent's outputs are its steps, so it gives one answer whatever n says.
        count = self.request.n if self.request.n and not reply.steps else 1
        texts = reply.choices or (reply.text,)
        return [texts[number % len(texts)] for number in range(count)]

    def _answer(self, output: chat_pb2.CompletionOutput, reply: Reply, text: str) -> None:
        message = output.message
        message.role = chat_pb2.ROLE_ASSISTANT
        message.content, cut = truncate(text, self.request)
        message.reasoning_content = self._thought(reply)
        if self.request.use_encrypted_content or reply.encrypted is not None:
            message.encrypted_content = reply.encrypted or self._sealed(message)
        if chat_pb2.INCLUDE_OPTION_INLINE_CITATIONS in self.request.include:
            add_citations(message, reply.citations)
        for number, use in enumerate(reply.tool_calls):
            call = message.tool_calls.add(
                id=use.id or self._call_id(len(reply.steps) + number),
                type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
                status=chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS,
            )
            call.function.name, call.function.arguments = use.name, use.arguments_json
        if self.request.logprobs:
            add_logprobs(output, self.request)
        why = reply.finish or ("tool_calls" if reply.tool_calls else "length" if cut else "stop")
        output.finish_reason = _FINISH[why]

    def _thought(self, reply: Reply) -> str:
        if reply.reasoning is not None:
            return reply.reasoning
        if self.request.reasoning_effort in _NO_THOUGHT:
            return ""
        return (
            f"The conversation has {self.conversation.message_count} messages and "
            f"{len(self.conversation.images)} images. I am to answer the last question."
        )

    def _sealed(self, message: chat_pb2.CompletionMessage) -> str:
        return opaque.encode({"kind": "thought", "text": message.reasoning_content})

    def _call_id(self, number: int) -> str:
        return f"call_{self.new_id[:8]}{number:04d}"

    def _echo(self, settings: chat_pb2.RequestSettings) -> None:
        # Plain values are set as they are; a tool that is switched on counts as parallel.
        for field, value in self.request.ListFields():
            if field.name not in _ECHOED:
                continue
            if not isinstance(value, (bool, int, float, str)):
                _copy(getattr(settings, field.name), value)
            else:
                setattr(settings, field.name, value)
        if not self.request.HasField("parallel_tool_calls"):
            settings.parallel_tool_calls = True


def _copy(there: Any, value: Any) -> None:
    if hasattr(there, "CopyFrom"):
        there.CopyFrom(value)
    else:
        there.extend(value)


def _debug(response: chat_pb2.GetChatCompletionResponse, fields: Any) -> None:
    for name, value in fields.items():
        if isinstance(value, (list, tuple)):
            getattr(response.debug_output, name).extend(value)
        else:
            setattr(response.debug_output, name, value)
