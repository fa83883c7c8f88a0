"""Output about a response: usage, prices, and the response as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from xai_vision._cli.exit_codes import CliError, Exit

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.imaging import PreparedImage, TokenEstimate
    from xai_vision.proto import usage_pb2


_COUNTS = (
    "prompt_tokens",
    "prompt_text_tokens",
    "prompt_image_tokens",
    "cached_prompt_text_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "total_tokens",
)


def usd(amount: float | None) -> str:
    """Format a price with two significant digits, at least cents."""
    if amount is None:
        return "unknown price"
    if amount == 0 or amount >= 0.1:
        return f"${amount:.2f}"
    places = 2
    while amount < 10 ** (1 - places):
        places += 1
    return f"${amount:.{places}f}"


def usd_range(costs: dict[str, float]) -> str:
    """Format the low, likely and high price of an estimate."""
    return f"about {usd(costs['likely'])} ({usd(costs['low'])} to {usd(costs['high'])})"


def token_range(tokens: TokenEstimate) -> dict[str, int]:
    """Return the low, likely and high number of an estimate."""
    return {"low": tokens.low, "likely": tokens.likely, "high": tokens.high}


def usage_dict(usage: usage_pb2.SamplingUsage) -> dict[str, int]:
    """Return the token counts by their wire names."""
    return {name: getattr(usage, name) for name in _COUNTS}


def usage_line(response: Response) -> str:
    """Return one line with model, tokens and cost."""
    usage = response.usage
    parts = [
        response.model or "unknown model",
        f"{usage.prompt_tokens:,} tokens in (text {usage.prompt_text_tokens:,}, images "
        f"{usage.prompt_image_tokens:,}), {usage.completion_tokens:,} out",
        usd(response.cost_usd),
    ]
    tools = [
        f"{name.removeprefix('SERVER_SIDE_TOOL_').lower()} x{count}"
        for name, count in response.server_side_tool_usage.items()
    ]
    return " · ".join([*parts, *tools, f"id {response.id}"])


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
    from google.protobuf.json_format import MessageToDict

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
        "response": MessageToDict(response.proto, preserving_proto_field_name=True),
    }


def parse_json(response: Response) -> Any:
    """Parse the response as JSON.

    Raises:
        CliError: The response is not valid JSON.
    """
    try:
        return json.loads(response.content)
    except ValueError as error:
        cut = " It was cut short." if "MAX" in response.finish_reason else ""
        raise CliError(
            f"the response is not the requested JSON: {error}.{cut}", Exit.SERVICE
        ) from None
