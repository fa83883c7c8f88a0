"""Blanks in base64 text: line breaks and indentation, or a "+" that a form decoder changed."""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE_BREAK = re.compile(r"[\t\n\v\f\r]+")
_MANY_LETTERS = 256
"""Among so many letters of base64 a "+" is expected; text without one has lost it."""


class Unwrapped(NamedTuple):
    """Base64 text without whitespace.

    Attributes:
        text: The letters and padding.
        repairs: What was changed, for the list of changes.
        is_guess: Whether another reading of the blanks is also possible.
    """

    text: str
    repairs: list[str]
    is_guess: bool = False


def unwrap(text: str) -> Unwrapped:
    """Remove whitespace from base64 text, and restore each "+" that was decoded to a blank."""
    removed = "".join(text.split())
    if len(removed) == len(text):
        return Unwrapped(text, [])
    whitespace = Unwrapped(removed, ["removed whitespace"])
    # No image's base64 starts with a "+".
    lines = _LINE_BREAK.split(text.lstrip())
    bare_lines = [line.strip() for line in lines]
    readings = [lines, bare_lines] if _keeps_blanks(lines) else [bare_lines, lines]
    lines = next((lines for lines in readings if _is_possible("".join(lines))), lines)
    restored = "".join(lines).replace(" ", "+")
    blanks = len(restored) - len(removed)
    # Who changes one "+" changes all, and the URL-safe alphabet has none.
    if not blanks or any(letter in removed for letter in "+-_") or not _is_possible(restored):
        return whitespace
    repairs = ['replaced blanks by "+"']
    if len(restored) < len(text):
        repairs.append("removed whitespace")
    return _choose(whitespace, Unwrapped(restored, repairs), _is_wrapped_by_blanks(lines))


def _keeps_blanks(lines: list[str]) -> bool:
    """Return whether blanks at the ends of lines are letters: all lines are equally long with them.

    The blanks of indented lines are not.
    """
    if len(lines) == 1:
        return True
    if all(line[:1] == " " for line in lines[1:]):
        return False
    return len({len(line) for line in lines[:-1]}) == 1


def _is_possible(text: str) -> bool:
    """Return whether the length of base64 text is possible with the padding that it has."""
    return len(text) % 4 == 0 or (len(text) % 4 != 1 and not text.endswith("="))


def _is_wrapped_by_blanks(lines: list[str]) -> bool:
    """Return whether the blanks stand at equal distances, as if they replaced line breaks."""
    *parts, last = "".join(lines).split(" ")
    return len(parts) > 1 and len(set(map(len, parts))) == 1 and len(last) <= len(parts[0])


def _choose(whitespace: Unwrapped, restored: Unwrapped, wrapped_by_blanks: bool) -> Unwrapped:
    """Choose between two readings of the blanks, by the length of the text if possible."""
    if not _is_possible(whitespace.text):
        return restored
    wholes = [len(reading.text) % 4 == 0 for reading in (whitespace, restored)]
    has_padding = whitespace.text.endswith("=")
    if wrapped_by_blanks:
        best = whitespace
    elif len(whitespace.text) >= _MANY_LETTERS or wholes[0] == wholes[1]:
        best = restored
    else:
        best = whitespace if wholes[0] else restored
    return best._replace(is_guess=not (has_padding and wholes[0] != wholes[1]))
