"""What is told of an answer besides its text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xai_vision.chat import Response
    from xai_vision.imaging import PreparedImage
    from xai_vision.proto import usage_pb2

__all__ = ["as_dict", "picture_dict", "tally", "usage_dict", "usd"]

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
    """A price for people: two figures that count, at least cents."""
    if amount is None:
        return "price not told"
    if amount == 0 or amount >= 0.1:
        return f"${amount:.2f}"
    places = 2
    while amount < 10 ** (1 - places):
        places += 1
    return f"${amount:.{places}f}"


def usage_dict(usage: usage_pb2.SamplingUsage) -> dict[str, int]:
    """The tokens, by the names of the wire."""
    return {name: getattr(usage, name) for name in _COUNTS}


def tally(response: Response) -> str:
    """One line about what an answer took."""
    usage = response.usage
    parts = [
        response.model or "unknown model",
        f"{usage.prompt_tokens:,} tokens in (text {usage.prompt_text_tokens:,}, pictures "
        f"{usage.prompt_image_tokens:,}), {usage.completion_tokens:,} out",
        usd(response.cost_usd),
    ]
    tools = [
        f"{name.removeprefix('SERVER_SIDE_TOOL_').lower()} x{count}"
        for name, count in response.server_side_tool_usage.items()
    ]
    return " · ".join([*parts, *tools, f"id {response.id}"])


def picture_dict(picture: PreparedImage) -> dict[str, Any]:
    """What was sent of a picture."""
    return {
        "picture": picture.source if picture.size else picture.describe(),
        "format": picture.format,
        "size": picture.size,
        "bytes": picture.size_bytes,
        "changes": [str(change) for change in picture.changes],
    }


def as_dict(response: Response, pictures: Iterable[PreparedImage], *, fake: bool) -> dict[str, Any]:
    """The whole answer: what most want to know first, then the reply as it came."""
    from google.protobuf.json_format import MessageToDict

    return {
        "id": response.id,
        "model": response.model,
        "content": response.content,
        "finish_reason": response.finish_reason,
        "usage": usage_dict(response.usage),
        "cost_usd": response.cost_usd,
        "citations": list(response.citations),
        "pictures": [picture_dict(picture) for picture in pictures],
        "fake": fake,
        "response": MessageToDict(response.proto, preserving_proto_field_name=True),
    }
