"""The answer nobody asked a model for: an honest account of what arrived."""

from __future__ import annotations

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._service.request_reader import Reading

__all__ = ["describe"]

_QUOTE = 200


def describe(reading: Reading) -> str:
    """Say what a conversation holds: its question, each picture, files and tool results.

    The same conversation gets the same words, always.
    """
    said = [_opening(reading)]
    for number, picture in enumerate(reading.pictures, 1):
        said.append(_picture(number, picture))
    if reading.files:
        said.append(f"Files: {', '.join(reading.files)}.")
    said += [f"Tool result {n}: {_quote(text)}" for n, text in enumerate(reading.tool_results, 1)]
    return "\n".join(said)


def _opening(reading: Reading) -> str:
    asked = f"You asked: {_quote(reading.prompt)}" if reading.prompt else "You asked nothing."
    count = len(reading.pictures)
    if not count:
        return f"{asked} No picture came with it."
    noun = "picture" if count == 1 else "pictures"
    return f"{asked} This fake model cannot see, but it measured {count} {noun}:"


def _picture(number: int, picture: CallImage) -> str:
    colours = " and ".join(picture.colours)
    earlier = " (from an earlier turn)" if picture.earlier else ""
    return (
        f"Picture {number}{earlier}: {picture.format}, {picture.width}x{picture.height} pixels, "
        f"{picture.size:,} bytes, detail {picture.detail}, mostly {colours}."
    )


def _quote(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= _QUOTE else f'"{flat[: _QUOTE - 1]}…"'
