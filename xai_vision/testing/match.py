"""Ways to say which calls are meant: ``on(prompt=match.contains("caption"))``.

A matcher is asked about one value and answers with what is wrong with it, so that a rule that
did not fit can say why. Matchers combine: ``a & b``, ``a | b``, ``~a``.
"""

from __future__ import annotations

import hashlib
import re as _re
from collections.abc import Callable
from typing import Any, Final

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._rules.image_similarity import LabThumbnail
from xai_vision.testing._service.image_inspection import ImageInfo, ImageInspector, detect_format
from xai_vision.testing._settings import FORMATS, Settings
from xai_vision.testing._thread_pool import release_slot
from xai_vision.testing._validation import enum, boolean, instance, suggest_keywords, number, short_repr, string, integer

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


# What a matcher can be asked about. A condition refuses one that is about something else.
_KINDS: Final = frozenset({"a text", "bytes", "a picture", "a list", "a JSON value"})
_TEXT: Final = frozenset({"a text"})
_PICTURE: Final = frozenset({"a picture"})
# As much of a value is shown in a matcher's name: errors name rules, and must stay readable.
_LONG: Final = 200


class Matcher:
    """A condition on a value.

    Attributes:
        name: How it is written, for messages.
        about: What it can be asked about: some of "a text", "bytes", "a picture", "a list" and
            "a JSON value".
    """

    def __init__(
        self, name: str, fault: Callable[[Any], str | None], kinds: frozenset[str] = _KINDS
    ) -> None:
        self.name = name
        self.kinds = kinds
        self._fault = fault

    def mismatch(self, value: Any) -> str | None:
        """Say what is wrong with ``value``; None if it fits."""
        return self._fault(value)

    def __and__(self, other: Matcher) -> Matcher:
        about = self._with(other, "&")
        return Matcher(
            f"{self.name} & {other.name}",
            lambda value: self.mismatch(value) or other.mismatch(value),
            about,
        )

    def __or__(self, other: Matcher) -> Matcher:
        about = self._with(other, "|")

        def fault(value: Any) -> str | None:
            first = self.mismatch(value)
            return first and other.mismatch(value) and f"{first}, and {other.mismatch(value)}"

        return Matcher(f"({self.name} | {other.name})", fault, about)

    def __invert__(self) -> Matcher:
        def fault(value: Any) -> str | None:
            return None if self.mismatch(value) else f"{short_repr(value, 80)} is just that"

        return Matcher(f"~{self.name}", fault, self.kinds)

    def _with(self, other: Any, sign: str) -> frozenset[str]:
        if not isinstance(other, Matcher):
            raise TypeError(
                f"{self.name} {sign} takes a matcher, not {short_repr(other)}; "
                "for a plain value there is match.equals()"
            )
        about = self.kinds & other.kinds
        if not about:
            raise TypeError(
                f"{self.name} is about {_listed(self.kinds)}, {other.name} about "
                f"{_listed(other.kinds)}: nothing can be both"
            )
        return about

    def __repr__(self) -> str:
        return self.name


def _listed(about: frozenset[str]) -> str:
    return " or ".join(sorted(about))


def _simple(name: str, holds: Callable[[Any], Any], about: frozenset[str] = _KINDS) -> Matcher:
    return Matcher(name, lambda value: None if holds(value) else f"it is {short_repr(value, 80)}", about)


def _nothing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, (list, tuple)) and not value)


any = _simple("match.any", lambda value: not _nothing(value))  # noqa: A001 - read as match.any
"""Anything, as long as there is something."""

none = _simple("match.none", _nothing)
"""Nothing: no schema, no picture, an empty text."""


def equals(wanted: Any) -> Matcher:
    """The same value."""
    return _simple(short_repr(wanted, _LONG), lambda value: value == wanted, _kinds_of(wanted))


def _kinds_of(wanted: Any) -> frozenset[str]:
    if wanted is None:
        return _KINDS
    if isinstance(wanted, bytes):
        return frozenset({"bytes"})
    kinds = {"a JSON value"}
    if isinstance(wanted, str):
        kinds.add("a text")
    if isinstance(wanted, (list, tuple)):
        kinds.add("a list")
    return frozenset(kinds)


@suggest_keywords("match.contains()")
def contains(part: str, *, case: bool = False) -> Matcher:
    """A text with ``part`` in it; upper and lower case are the same unless ``case``."""
    sought = string("match.contains: part", part)
    sought = sought if boolean("match.contains: case", case) else sought.lower()
    return _simple(
        f"match.contains({short_repr(part, _LONG)})",
        lambda value: sought in (value if case else str(value or "").lower()),
        _TEXT,
    )


def startswith(head: str) -> Matcher:
    """A text that begins with ``head``."""
    string("match.startswith: head", head)
    return _simple(
        f"match.startswith({short_repr(head, _LONG)})",
        lambda value: str(value or "").startswith(head),
        _TEXT,
    )


@suggest_keywords("match.re()")
def re(pattern: str, flags: int = 0) -> Matcher:
    """A text in which a regular expression is found; ``.`` takes in line ends.

    Raises:
        ValueError: It is no regular expression.
    """
    integer("match.re: flags", flags, 0)
    try:
        compiled = _re.compile(string("match.re: pattern", pattern), flags | _re.DOTALL)
    except _re.error as error:
        raise ValueError(f"match.re({pattern!r}) is no regular expression: {error}") from None
    return _simple(f"match.re({pattern!r})", lambda value: compiled.search(str(value or "")), _TEXT)


def predicate(holds: Callable[[Any], Any], name: str = "") -> Matcher:
    """Whatever a function is true of."""
    if not callable(holds):
        raise TypeError(f"match.predicate takes a function, not {short_repr(holds)}")

    def check(value: Any) -> Any:
        release_slot()  # The test's function may block.
        return holds(value)

    return _simple(
        string("match.predicate: name", name) or getattr(holds, "__name__", "match.predicate"), check
    )


def _of_picture(name: str, wanted: Any, value: Callable[[CallImage], Any], words: str) -> Matcher:
    def fault(seen: CallImage) -> str | None:
        found = value(seen)
        return None if found == wanted else words.format(found)

    return Matcher(name, fault, _PICTURE)


def size(width: int, height: int) -> Matcher:
    """A picture of this size in pixels."""
    wanted = integer("match.size: width", width, 1), integer("match.size: height", height, 1)
    return _of_picture(
        f"match.size({width}, {height})",
        wanted,
        lambda seen: (seen.width, seen.height),
        "it is {0[0]}x{0[1]}",
    )


def format(name: str) -> Matcher:  # noqa: A001 - read as match.format
    """A picture of this format: "JPEG" or "PNG"; or "WEBP" and others, where they are taken.

    Raises:
        ValueError: There is no such format.
    """
    wanted = string("match.format: name", name).upper()
    wanted = "JPEG" if wanted == "JPG" else wanted
    enum("match.format: name", wanted, FORMATS)
    return _of_picture(f"match.format({wanted!r})", wanted, lambda seen: seen.format, "it is {}")


def detail(level: str) -> Matcher:
    """A picture sent with this detail: "auto", "low" or "high"."""
    enum("match.detail: level", level, ("auto", "low", "high"))
    return _of_picture(
        f"match.detail({level!r})", level, lambda seen: seen.detail, "its detail is {}"
    )


def sha256(digest: str | bytes) -> Matcher:
    """The picture with this hash (hex), or with exactly these bytes.

    Raises:
        ValueError: A str that is no SHA-256 in hex.
    """
    instance("match.sha256: digest", digest, (str, bytes), "a hash in hex, or the file's bytes")
    wanted = digest if isinstance(digest, str) else hashlib.sha256(digest).hexdigest()
    if not _re.fullmatch("[0-9a-fA-F]{64}", wanted):
        raise ValueError(
            f"match.sha256: digest must be 64 hex digits, not {short_repr(digest)}; "
            "for a file give its bytes"
        )
    return _of_picture(
        f"match.sha256({wanted[:12]!r}…)",
        wanted.lower(),
        lambda seen: seen.sha256,
        "it is {:.12}…",
    )


@suggest_keywords("match.near()")
def near(image: bytes | CallImage, max_distance: float = 10) -> Matcher:
    """A picture that looks like another: scaled, encoded anew, a little changed.

    Args:
        picture: The other one, as the bytes of a JPEG or PNG file, or out of the call log.
        distance: How far apart the two may look: 0 is the same, 100 as far as black and white.
            2 can hardly be seen; a strong compression or a small copy is some 2 to 8 apart. 10
            takes those, but no other picture, no other colour, no inverted ones.

    Raises:
        TypeError: What is given is no picture.
        ValueError: Its bytes are none that can be opened.
    """
    most = number("match.near: distance", max_distance, max_=100)
    facts = image.facts if isinstance(image, CallImage) else _facts(image)
    wanted = LabThumbnail(facts.thumbnail)

    def fault(seen: CallImage) -> str | None:
        apart = wanted.distance(LabThumbnail(seen.facts.thumbnail))
        if apart <= most:
            return None
        scale = "0 is the same, 100 as black and white"
        return f"it looks {apart:.1f} apart ({scale}), more than {most:g}"

    return Matcher(f"match.near({facts.sha256[:12]}…, {max_distance})", fault, _PICTURE)


def _facts(data: bytes) -> ImageInfo:
    instance("match.near: picture", data, bytes, "the bytes of a file, or a picture of a call")
    settings = Settings(picture_limit=max(1, len(data)), picture_formats=(detect_format(data) or "JPEG",))
    try:
        return ImageInspector().inspect(data, "", settings)
    except ServiceError as error:
        raise ValueError(f"match.near: picture cannot be opened: {error.details}") from None
