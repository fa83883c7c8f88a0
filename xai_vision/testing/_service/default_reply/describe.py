"""Describe a conversation in words, as the text of the default reply."""

from __future__ import annotations

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._service.request_reader import ConversationSummary
from xai_vision.testing._validation import pluralize

_MAX_QUOTE_LENGTH = 200


def describe(summary: ConversationSummary) -> str:
    """Describe the prompt, each image, the files and the tool results of a conversation.

    The same conversation always gets the same description.
    """
    lines = [_first_line(summary)]
    lines += [_image(number, image) for number, image in enumerate(summary.images, 1)]
    if summary.files:
        lines.append(f"Files: {', '.join(summary.files)}.")
    lines += [
        f"Tool result {number}: {_quote(result.text)}"
        for number, result in enumerate(summary.tool_results, 1)
    ]
    return "\n".join(lines)


def _first_line(summary: ConversationSummary) -> str:
    prompt = f"You asked: {_quote(summary.prompt)}" if summary.prompt else "You asked nothing."
    if not summary.images:
        return f"{prompt} No image came with it."
    count = pluralize(len(summary.images), "image")
    return f"{prompt} This fake model cannot see, but it measured {count}:"


def _image(number: int, image: CallImage) -> str:
    earlier = " (from an earlier turn)" if image.earlier else ""
    return (
        f"Image {number}{earlier}: {image.format}, {image.width}x{image.height} pixels, "
        f"{image.size:,} bytes, detail {image.detail}, mostly {' and '.join(image.colors)}."
    )


def _quote(text: str) -> str:
    line = " ".join(text.split())
    if len(line) > _MAX_QUOTE_LENGTH:
        line = f"{line[: _MAX_QUOTE_LENGTH - 1]}…"
    return f'"{line}"'
