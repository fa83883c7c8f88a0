"""Output about a response besides its text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.imaging import PreparedImage
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


def image_dict(image: PreparedImage) -> dict[str, Any]:
    """Describe the image that was sent."""
    return {
        "image": image.source if image.size else image.describe(),
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
        "images": [image_dict(image) for image in images],
        "fake": fake,
        "response": MessageToDict(response.proto, preserving_proto_field_name=True),
    }
