"""The answer nobody asked a model for: an honest account of what arrived."""

from __future__ import annotations

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._service.request_reader import ConversationSummary

_QUOTE = 200


def describe(reading: ConversationSummary) -> str:
    """Say what a conversation holds: its question, each image, files and tool results.

    The same conversation gets the same words, always.
    """
    said = [_opening(reading)]
    for number, image in enumerate(reading.images, 1):
        said.append(_image(number, image))
    if reading.files:
        said.append(f"Files: {', '.join(reading.files)}.")
    said += [f"Tool result {n}: {_quote(text)}" for n, text in enumerate(reading.tool_results, 1)]
    return "\n".join(said)


def _opening(reading: ConversationSummary) -> str:
    asked = f"You asked: {_quote(reading.prompt)}" if reading.prompt else "You asked nothing."
    count = len(reading.images)
    if not count:
        return f"{asked} No image came with it."
    noun = "image" if count == 1 else "images"
    return f"{asked} This fake model cannot see, but it measured {count} {noun}:"


def _image(number: int, image: CallImage) -> str:
    colors = " and ".join(image.colors)
    earlier = " (from an earlier turn)" if image.earlier else ""
    return (
        f"Image {number}{earlier}: {image.format}, {image.width}x{image.height} pixels, "
        f"{image.size:,} bytes, detail {image.detail}, mostly {colors}."
    )


def _quote(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= _QUOTE else f'"{flat[: _QUOTE - 1]}…"'
