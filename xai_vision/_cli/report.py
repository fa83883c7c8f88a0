"""Output about a response: usage, prices, and the response as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import CliError, Exit
from xai_vision.bulk._run.json_depth import load_json

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.imaging import PreparedImage, TokenEstimate
    from xai_vision.proto import chat_pb2, usage_pb2


_COUNTS = (
    "prompt_tokens",
    "prompt_text_tokens",
    "prompt_image_tokens",
    "cached_prompt_text_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "total_tokens",
)

# The service's unit of prices is 1e-10 US dollars.
_TICK_PLACES = 10


def usd(amount: float | None) -> str:
    """Format a price with two significant digits, at least cents; a credit is negative."""
    if amount is None or not math.isfinite(amount):
        return "unknown price"
    amount = round(amount, _TICK_PLACES)
    places = 2
    while places <= _TICK_PLACES and 0 < abs(amount) < 10 ** (1 - places):
        places += 1
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{places}f}"


def usd_range(costs: dict[str, float]) -> str:
    """Format the low, likely and high price of an estimate."""
    return f"about {usd(costs['likely'])} ({usd(costs['low'])} to {usd(costs['high'])})"


def token_range(tokens: TokenEstimate) -> dict[str, int]:
    """Return the low, likely and high number of an estimate."""
    return {"low": tokens.low, "likely": tokens.likely, "high": tokens.high}


def usage_dict(usage: usage_pb2.SamplingUsage) -> dict[str, int]:
    """Return the token counts by their wire names."""
    return {name: getattr(usage, name) for name in _COUNTS}


@dataclass
class UsageTotals:
    """The tokens and the cost of responses.

    Attributes:
        cost: US dollars; None if a response has no price.
        output_tokens: Generated tokens, including reasoning. The service counts them apart.
    """

    responses: int = 0
    input_tokens: int = 0
    text_tokens: int = 0
    image_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = 0.0

    def add(self, response: Response) -> None:
        """Count a response."""
        usage = response.usage
        self.responses += 1
        self.input_tokens += usage.prompt_tokens
        self.text_tokens += usage.prompt_text_tokens
        self.image_tokens += usage.prompt_image_tokens
        self.cached_tokens += usage.cached_prompt_text_tokens
        self.output_tokens += usage.completion_tokens + usage.reasoning_tokens
        self.reasoning_tokens += usage.reasoning_tokens
        if self.cost is not None:
            self.cost = None if response.cost_usd is None else self.cost + response.cost_usd

    def __str__(self) -> str:
        cached = f", cached {self.cached_tokens:,}" if self.cached_tokens else ""
        reasoning = f" (reasoning {self.reasoning_tokens:,})" if self.reasoning_tokens else ""
        return (
            f"{self.input_tokens:,} tokens in (text {self.text_tokens:,}, images "
            f"{self.image_tokens:,}{cached}), {self.output_tokens:,} out{reasoning} · "
            f"{usd(self.cost)}"
        )


def usage_line(response: Response) -> str:
    """Return one line with model, tokens and cost."""
    usage = UsageTotals()
    usage.add(response)
    tools = [
        f"{name.removeprefix('SERVER_SIDE_TOOL_').lower()} x{count}"
        for name, count in response.server_side_tool_usage.items()
    ]
    return " · ".join([response.model or "unknown model", str(usage), *tools, f"id {response.id}"])


def sent_dict(image: PreparedImage) -> dict[str, Any]:
    """Describe the image that was or would be sent."""
    return {
        "format": image.format,
        "size": image.size,
        "bytes": image.size_bytes,
        "changes": [str(change) for change in image.changes],
    }


def as_dict(response: Response, images: Iterable[PreparedImage], *, fake: bool) -> dict[str, Any]:
    """Return the response as a dict: the main values, then the complete message."""
    return {
        "id": response.id,
        "model": response.model,
        "content": response.content,
        "finish_reason": response.finish_reason,
        "usage": usage_dict(response.usage),
        "cost_usd": response.cost_usd,
        "citations": list(response.citations),
        "images": [
            {"image": image.source if image.size else image.describe(), **sent_dict(image)}
            for image in images
        ],
        "fake": fake,
        "response": _reply_dict(response.proto),
    }


def _reply_dict(reply: chat_pb2.GetChatCompletionResponse) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict, SerializeToJsonError

    try:
        return MessageToDict(reply, preserving_proto_field_name=True)
    except SerializeToJsonError:
        # A time outside of the years 1 to 9999 has no form in JSON.
        created = {"seconds": str(reply.created.seconds), "nanos": reply.created.nanos}
        rest = type(reply)()
        rest.CopyFrom(reply)
        rest.ClearField("created")
        return {**MessageToDict(rest, preserving_proto_field_name=True), "created": created}


def parse_json(response: Response) -> Any:
    """Parse the response as JSON.

    Raises:
        CliError: The response is not valid JSON, or nested too deeply.
    """
    try:
        return load_json(response.content)
    except ValueError as error:
        cut = " It was cut short." if "MAX" in response.finish_reason else ""
        raise CliError(
            f"the response is not the requested JSON: {error}.{cut}", Exit.SERVICE
        ) from None
