"""Describe a conversation in words, as the text of the default reply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._service.request_reader import ConversationSummary
from xai_vision.testing._validation import pluralize

if TYPE_CHECKING:
    from xai_vision.testing._eyes.image_text import ImageText

_MAX_QUOTE_LENGTH = 200


def describe(summary: ConversationSummary, texts: Sequence[ImageText | None] | None = None) -> str:
    """Describe the prompt, each image, the files and the tool results of a conversation.

    The same conversation always gets the same description.

    Args:
        summary: The conversation.
        texts: The text and the codes of each image, where they are known; None if nothing reads
            images.
    """
    lines = [_first_line(summary, reads=texts is not None)]
    lines += [_image(number, image) for number, image in enumerate(summary.images, 1)]
    for number, text in enumerate(texts or (), 1):
        lines += _image_text(number, text)
    if summary.files:
        lines.append(f"Files: {', '.join(summary.files)}.")
    lines += [
        f"Tool result {number}: {_quote(result.text)}"
        for number, result in enumerate(summary.tool_results, 1)
    ]
    return "\n".join(lines)


def _first_line(summary: ConversationSummary, *, reads: bool) -> str:
    prompt = f"You asked: {_quote(summary.prompt)}" if summary.prompt else "You asked nothing."
    if not summary.images:
        return f"{prompt} No image came with it."
    count = pluralize(len(summary.images), "image")
    if reads:
        return f"{prompt} This fake model measured {count} and read the text and codes:"
    return f"{prompt} This fake model cannot see, but it measured {count}:"


def _image(number: int, image: CallImage) -> str:
    earlier = " (from an earlier turn)" if image.earlier else ""
    return (
        f"Image {number}{earlier}: {image.format}, {image.width}x{image.height} pixels, "
        f"{image.size:,} bytes, detail {image.detail}, mostly {' and '.join(image.colors)}."
    )


def _image_text(number: int, text: ImageText | None) -> Iterator[str]:
    if text is None:
        yield f"Image {number} was not read, because the log does not have its bytes."
        return
    if not text.lines and not text.codes:
        yield f"Image {number} has no text and no codes."
    if text.lines:
        yield f"Text of image {number}:"
        yield from text.lines
    if text.codes:
        yield f"Codes of image {number}:"
        yield from (f"{code.format}: {code.text}" for code in text.codes)


def _quote(text: str) -> str:
    line = " ".join(text.split())
    if len(line) > _MAX_QUOTE_LENGTH:
        line = f"{line[: _MAX_QUOTE_LENGTH - 1]}…"
    return f'"{line}"'
