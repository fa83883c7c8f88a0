"""A Reply made into the answer's proto: outputs, usage, price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing import tokens
from xai_vision.testing.catalogue import Model
from xai_vision.testing.reading import Reading
from xai_vision.testing.replies import Reply

__all__ = ["Rendering"]

_FINISH: Final = {
    "stop": sample_pb2.REASON_STOP,
    "length": sample_pb2.REASON_MAX_LEN,
    "max_context": sample_pb2.REASON_MAX_CONTEXT,
    "tool_calls": sample_pb2.REASON_TOOL_CALLS,
    "time_limit": sample_pb2.REASON_TIME_LIMIT,
}


@dataclass(frozen=True)
class Rendering:
    """Everything that making an answer out of a reply depends on.

    Attributes:
        request: What was asked.
        reading: The whole conversation, earlier turns included.
        model: Who answers.
        new_id: An id for the answer.
        now: Seconds since the epoch.
    """

    request: chat_pb2.GetCompletionsRequest
    reading: Reading
    model: Model
    new_id: str
    now: float

    def response(self, reply: Reply) -> chat_pb2.GetChatCompletionResponse:
        """Make the answer."""
        response = chat_pb2.GetChatCompletionResponse(
            id=reply.response_id or self.new_id,
            model=self.model.name,
            system_fingerprint=self.model.fingerprint,
            service_tier=self._tier(),
        )
        response.created.FromMilliseconds(int(self.now * 1000))
        texts = self._texts(reply)
        for index, text in enumerate(texts):
            self._answer(response.outputs.add(index=index), reply, text)
        response.citations.extend(reply.citations)
        self._usage(response, reply)
        return response

    def _texts(self, reply: Reply) -> Sequence[str]:
        count = self.request.n if self.request.HasField("n") else 1
        texts = reply.choices or (reply.text,)
        return [texts[number % len(texts)] for number in range(count)]

    def _answer(self, output: chat_pb2.CompletionOutput, reply: Reply, text: str) -> None:
        message = output.message
        message.role = chat_pb2.ROLE_ASSISTANT
        message.content, cut = self._bounded(text)
        output.finish_reason = _FINISH[reply.finish or ("length" if cut else "stop")]

    def _bounded(self, text: str) -> tuple[str, bool]:
        if not self.request.HasField("max_tokens"):
            return text, False
        parts = tokens.pieces(text)
        if len(parts) <= self.request.max_tokens:
            return text, False
        return "".join(parts[: self.request.max_tokens]), True

    def _tier(self) -> usage_pb2.ServiceTier.ValueType:
        return self.request.service_tier or usage_pb2.SERVICE_TIER_DEFAULT

    def _usage(self, response: chat_pb2.GetChatCompletionResponse, reply: Reply) -> None:
        usage = response.usage
        usage.prompt_text_tokens = self.reading.text_tokens
        usage.prompt_image_tokens = self.reading.image_tokens
        usage.prompt_tokens = usage.prompt_text_tokens + usage.prompt_image_tokens
        usage.completion_tokens = sum(
            tokens.count(output.message.content) for output in response.outputs
        )
        usage.total_tokens = usage.prompt_tokens + usage.completion_tokens
        for name, value in reply.usage.items():
            setattr(usage, name, value)
        if reply.cost_ticks is None:
            usage.cost_in_usd_ticks = self._price(usage)
        elif reply.cost_ticks >= 0:
            usage.cost_in_usd_ticks = reply.cost_ticks

    def _price(self, usage: usage_pb2.SamplingUsage) -> int:
        model = self.model
        fresh = usage.prompt_text_tokens - usage.cached_prompt_text_tokens
        return (
            fresh * model.text_price
            + usage.cached_prompt_text_tokens * model.cached_price
            + usage.prompt_image_tokens * model.image_price
            + (usage.completion_tokens + usage.reasoning_tokens) * model.answer_price
            + usage.num_sources_used * model.search_price
        )
