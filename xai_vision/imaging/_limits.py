"""How much of a picture is taken, and how sizes and names are written for people."""

from __future__ import annotations

import operator
from typing import Any

from xai_vision.errors import _base as errors
from xai_vision.errors._base import InvalidRequestError

MIB = 1024 * 1024

MAX_BYTES = 20 * MIB
"""Raw bytes the service takes per picture (its documentation: "Maximum image size 20 MiB")."""

MAX_PIXELS = 178_956_970
"""Pixels a picture may have: twice Pillow's warning level, where Pillow itself refuses to go on."""

MAX_SOURCE_BYTES = 512 * MIB
"""Raw bytes read into memory of a picture that has to be converted or made smaller: our choice."""


def human_size(size: int) -> str:
    """Write a number of bytes for people, in steps of 1024: ``35 KiB``, ``1.2 MiB``."""
    if size < 1024:
        return f"{size} byte{'' if size == 1 else 's'}"
    if size < 100 * 1024:
        return f"{size / 1024:.1f} KiB".replace(".0 ", " ")
    if size < MIB:
        return f"{size / 1024:.0f} KiB"
    return f"{size / MIB:.1f} MiB".replace(".0 ", " ")


def over_limit(size: int, limit: int) -> str:
    """Say that ``size`` is over ``limit``, in figures that differ even when they are close."""
    most = human_size(limit)
    if most == human_size(size):
        most = f"{limit:,} bytes ({most})"
    return f"It has {size:,} bytes ({human_size(size)}), over the limit of {most}."


def whole_number(name: str, value: Any) -> int:
    """A whole number above 0, of Python or NumPy.

    Raises:
        InvalidRequestError: It is none; the text names the option ``name``.
    """
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise InvalidRequestError(f"{name} has to be a whole number above 0, not {quoted(value)}.")
    return number


def quoted(value: object, most: int = 80) -> str:
    """Quote what was given for an option, for an error; of what may be a picture only its type."""
    plain = value is None or isinstance(value, (str, bool, int, float))
    return errors.short_repr(value, most) if plain else type(value).__name__


def shown(name: str, most: int = 80) -> str:
    """Write a file's name or a label for people: on one line, printable, not too long."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name)
    return text if len(text) <= most else f"{text[: most - 1]}…"
