"""Compute the usage and the cost of a response."""

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
    conversation: ConversationSummary,
    model: Model,
    viewed_image_tokens: int,
) -> None:
    """Fill in the usage of a response.

    Args:
        response: The response, with all its outputs.
        reply: The reply that the response is built from. Its values replace computed ones.
        conversation: The summary of the conversation.
        model: The model, with its prices.
        viewed_image_tokens: The tokens of the images that the model views.
    """
    usage = response.usage
    usage.prompt_text_tokens = conversation.text_tokens
    usage.prompt_image_tokens = conversation.image_tokens + viewed_image_tokens
    usage.prompt_tokens = usage.prompt_text_tokens + usage.prompt_image_tokens
    for message in (output.message for output in response.outputs):
        usage.reasoning_tokens += tokens.count(message.reasoning_content)
        if message.role == chat_pb2.ROLE_ASSISTANT:
            usage.completion_tokens += tokens.count(message.content)
            for call in message.tool_calls:
                function = call.function
                usage.completion_tokens += tokens.count(function.name + function.arguments)
    usage.total_tokens = usage.prompt_tokens + usage.completion_tokens + usage.reasoning_tokens
    usage.num_sources_used = len(reply.citations)
    usage.server_side_tools_used.extend(
        SERVER_TOOLS[tool_call.tool].usage for tool_call in reply.steps if not tool_call.failed
    )
    for name, value in reply.usage.items():
        setattr(usage, name, value)
    if reply.cost_ticks is None:
        usage.cost_in_usd_ticks = cost(usage, model)
    elif reply.cost_ticks >= 0:
        usage.cost_in_usd_ticks = reply.cost_ticks


def cost(usage: usage_pb2.SamplingUsage, model: Model) -> int:
    """Return the cost in units of 1e-10 USD."""
    uncached = usage.prompt_text_tokens - usage.cached_prompt_text_tokens
    return (
        uncached * model.text_price
        + usage.cached_prompt_text_tokens * model.cached_price
        + usage.prompt_image_tokens * model.image_price
        + (usage.completion_tokens + usage.reasoning_tokens) * model.completion_price
        + usage.num_sources_used * model.search_price
    )
