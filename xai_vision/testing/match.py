"""Ways to say which calls are meant: ``on(prompt=match.contains("caption"))``.

A matcher is asked about one value and answers with what is wrong with it, so that a rule that
did not fit can say why. Matchers combine: ``a & b``, ``a | b``, ``~a``.
"""

from __future__ import annotations

import hashlib
import re as _re
from collections.abc import Callable
from typing import Any

from xai_vision.testing.album import CallImage
from xai_vision.testing.pictures import Facts, Inspector, sniff
from xai_vision.testing.settings import Settings

__all__ = [
    "Matcher",
    "any",
    "contains",
    "detail",
    "equals",
    "format",
    "near",
    "none",
    "predicate",
    "re",
    "sha256",
    "size",
    "startswith",
]


class Matcher:
    """A condition on a value.

    Attributes:
        name: How it is written, for messages.
    """

    def __init__(self, name: str, fault: Callable[[Any], str | None]) -> None:
        self.name = name
        self._fault = fault

    def fault(self, value: Any) -> str | None:
        """Say what is wrong with ``value``; None if it fits."""
        return self._fault(value)

    def __and__(self, other: Matcher) -> Matcher:
        return Matcher(
            f"{self.name} & {other.name}", lambda value: self.fault(value) or other.fault(value)
        )

    def __or__(self, other: Matcher) -> Matcher:
        def fault(value: Any) -> str | None:
            first = self.fault(value)
            return first and other.fault(value) and f"{first}, and {other.fault(value)}"

        return Matcher(f"({self.name} | {other.name})", fault)

    def __invert__(self) -> Matcher:
        def fault(value: Any) -> str | None:
            return None if self.fault(value) else f"{_short(value)} is just that"

        return Matcher(f"~{self.name}", fault)

    def __repr__(self) -> str:
        return self.name


def _simple(name: str, holds: Callable[[Any], Any]) -> Matcher:
    return Matcher(name, lambda value: None if holds(value) else f"it is {_short(value)}")


def _short(value: Any, most: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


any = _simple("match.any", lambda value: value is not None)  # noqa: A001 - read as match.any
"""Anything, as long as there is something."""

none = _simple("match.none", lambda value: value is None or value in ("", (), [], {}))
"""Nothing: no schema, no picture, an empty text."""


def equals(wanted: Any) -> Matcher:
    """The same value."""
    return _simple(f"{wanted!r}", lambda value: value == wanted)


def contains(part: str, *, case: bool = False) -> Matcher:
    """A text with ``part`` in it; upper and lower case are the same unless ``case``."""
    sought = part if case else part.lower()
    return _simple(
        f"match.contains({part!r})",
        lambda text: sought in (text if case else str(text or "").lower()),
    )


def startswith(head: str) -> Matcher:
    """A text that begins with ``head``."""
    return _simple(f"match.startswith({head!r})", lambda text: str(text or "").startswith(head))


def re(pattern: str, flags: int = 0) -> Matcher:
    """A text in which a regular expression is found; ``.`` takes in line ends."""
    compiled = _re.compile(pattern, flags | _re.DOTALL)
    return _simple(f"match.re({pattern!r})", lambda text: compiled.search(str(text or "")))


def predicate(holds: Callable[[Any], Any], name: str = "") -> Matcher:
    """Whatever a function is true of."""
    return _simple(name or getattr(holds, "__name__", "match.predicate"), holds)


def size(width: int, height: int) -> Matcher:
    """A picture of this size in pixels."""
    return Matcher(
        f"match.size({width}, {height})",
        lambda seen: (
            None
            if (seen.width, seen.height) == (width, height)
            else f"it is {seen.width}x{seen.height}"
        ),
    )


def format(name: str) -> Matcher:  # noqa: A001 - read as match.format
    """A picture of this format: "JPEG" or "PNG"."""
    wanted = name.upper().replace("JPG", "JPEG")
    return Matcher(
        f"match.format({wanted!r})",
        lambda seen: None if seen.format == wanted else f"it is {seen.format}",
    )


def detail(level: str) -> Matcher:
    """A picture sent with this detail: "auto", "low" or "high"."""
    return Matcher(
        f"match.detail({level!r})",
        lambda seen: None if seen.detail == level else f"its detail is {seen.detail}",
    )


def sha256(digest: str | bytes) -> Matcher:
    """The picture with this hash (hex), or with exactly these bytes."""
    wanted = digest if isinstance(digest, str) else hashlib.sha256(digest).hexdigest()
    return Matcher(
        f"match.sha256({wanted[:12]!r}…)",
        lambda seen: None if seen.sha256 == wanted.lower() else f"it is {seen.sha256[:12]}…",
    )


def near(picture: bytes | CallImage, distance: int = 10) -> Matcher:
    """A picture that looks much like another: scaled, encoded anew, a little changed.

    Args:
        picture: The other one, as a JPEG or PNG file.
        distance: How many of 64 neighbouring pairs of a small grey copy may differ in which of
            the two is lighter (a "difference hash"). 10 takes a new encoding, not another
            picture.
    """
    facts = picture.facts if isinstance(picture, CallImage) else _facts(picture)
    wanted = _gradients(facts.swatch)

    def fault(seen: CallImage) -> str | None:
        apart = bin(wanted ^ _gradients(seen.facts.swatch)).count("1")
        return None if apart <= distance else f"it differs in {apart} of 64 places"

    return Matcher(f"match.near({facts.sha256[:12]}…, {distance})", fault)


def _facts(data: bytes) -> Facts:
    settings = Settings(picture_limit=len(data), picture_formats=(sniff(data) or "JPEG",))
    return Inspector().inspect(data, "", settings)


def _gradients(swatch: bytes) -> int:
    bits = 0
    for row in range(8):
        for column in range(8):
            left, right = swatch[row * 9 + column], swatch[row * 9 + column + 1]
            bits = bits << 1 | (left > right)
    return bits
