"""What an answer is counted as, and what it costs."""

from __future__ import annotations

from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._service.models import Model
from xai_vision.testing._service.request_reader import ConversationSummary
from xai_vision.testing._service.response import tokens
from xai_vision.testing._service.response.server_tools import SERVER_TOOLS


def fill_usage(
    response: chat_pb2.GetChatCompletionResponse,
    reply: Reply,
    reading: ConversationSummary,
    model: Model,
    viewed: int,
) -> None:
    """Count an answer.

    Args:
        response: The answer, its outputs done.
        reply: What it was made from; its own numbers go before counted ones.
        reading: What was asked.
        model: Whose prices hold.
        viewed: Image tokens of images the agent looked at.
    """
    usage = response.usage
    usage.prompt_text_tokens = reading.text_tokens
    usage.prompt_image_tokens = images = reading.image_tokens + viewed
    usage.prompt_tokens = asked = reading.text_tokens + images
    messages = [output.message for output in response.outputs]
    usage.completion_tokens = spoken = sum(map(_spoken, messages))
    usage.reasoning_tokens = thought = sum(tokens.count(m.reasoning_content) for m in messages)
    usage.total_tokens = asked + spoken + thought
    usage.num_sources_used = len(reply.citations)
    usage.server_side_tools_used.extend(
        SERVER_TOOLS[step.tool].usage for step in reply.steps if not step.failed
    )
    for name, value in reply.usage.items():
        setattr(usage, name, value)
    if reply.cost_ticks is None:
        usage.cost_in_usd_ticks = cost(usage, model)
    elif reply.cost_ticks >= 0:
        usage.cost_in_usd_ticks = reply.cost_ticks


def _spoken(message: chat_pb2.CompletionMessage) -> int:
    if message.role != chat_pb2.ROLE_ASSISTANT:
        return 0
    calls = sum(tokens.count(c.function.name + c.function.arguments) for c in message.tool_calls)
    return tokens.count(message.content) + calls


def cost(usage: usage_pb2.SamplingUsage, model: Model) -> int:
    """What a usage costs, in ticks of 1e-10 USD."""
    fresh = usage.prompt_text_tokens - usage.cached_prompt_text_tokens
    return (
        fresh * model.text_price
        + usage.cached_prompt_text_tokens * model.cached_price
        + usage.prompt_image_tokens * model.image_price
        + (usage.completion_tokens + usage.reasoning_tokens) * model.completion_price
        + usage.num_sources_used * model.search_price
    )
