"""Matchers for the conditions of rules, faults and the log.

A matcher takes one value and returns the reason why the value does not match, so that errors can
explain it. Matchers combine: ``a & b``, ``a | b``, ``~a``.

Examples:
    >>> from xai_vision.testing import match
    >>> match.contains("caption") & ~match.startswith("Write")
    match.contains('caption') & ~match.startswith('Write')
"""

from __future__ import annotations

import hashlib
import re as _re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from xai_vision.testing import _validation as _check
from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._rules.image_similarity import LabThumbnail
from xai_vision.testing._service.image_inspection import ImageInfo, ImageInspector
from xai_vision.testing._settings import FORMATS, Settings
from xai_vision.testing._thread_pool import release_slot

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

# The kinds of values. A condition rejects a matcher that never matches its kind.
_ALL_KINDS: Final = frozenset({"a string", "bytes", "an image", "a list", "a JSON value"})
_STRING: Final = frozenset({"a string"})
_IMAGE: Final = frozenset({"an image"})
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], ())
# The maximum length of a value in a matcher's name, because errors contain the names of rules.
_MAX_NAME_LENGTH: Final = 200


def __getattr__(name: str) -> Any:
    from xai_vision._validation import did_you_mean  # on use: only errors need it

    hint = "" if name.startswith("_") else did_you_mean(name, __all__)
    raise AttributeError(f"match has no matcher {name!r}{hint}")


class Matcher:
    """A condition on a value.

    Attributes:
        name: The expression that created the matcher, for messages.
        kinds: The kinds of values that the matcher can match: some of "a string", "bytes",
            "an image", "a list" and "a JSON value".

    Args:
        mismatch: A function that returns the reason why a value does not match, or None.
    """

    def __init__(
        self, name: str, mismatch: Callable[[Any], str | None], kinds: frozenset[str] = _ALL_KINDS
    ) -> None:
        self.name = name
        self.kinds = kinds
        self._mismatch = mismatch

    def mismatch(self, value: Any) -> str | None:
        """Return the reason why ``value`` does not match, or None if it matches."""
        return self._mismatch(value)

    def __and__(self, other: Matcher) -> Matcher:
        kinds = self._common_kinds(other, "&")

        def mismatch(value: Any) -> str | None:
            return self.mismatch(value) or other.mismatch(value)

        return Matcher(f"{self.name} & {other.name}", mismatch, kinds)

    def __or__(self, other: Matcher) -> Matcher:
        kinds = self._common_kinds(other, "|")

        def mismatch(value: Any) -> str | None:
            first = self.mismatch(value)
            second = first and other.mismatch(value)
            return first and second and f"{first}, and {second}"

        return Matcher(f"({self.name} | {other.name})", mismatch, kinds)

    def __invert__(self) -> Matcher:
        def mismatch(value: Any) -> str | None:
            if self.mismatch(value):
                return None
            return f"{_check.short_repr(value)} matches {self.name}"

        return Matcher(f"~{self.name}", mismatch, self.kinds)

    def _common_kinds(self, other: Any, operator: str) -> frozenset[str]:
        if not isinstance(other, Matcher):
            raise TypeError(
                f"{self.name} {operator} needs a matcher, not {_check.short_repr(other)}. "
                "Use match.equals() for a plain value."
            )
        kinds = self.kinds & other.kinds
        if not kinds:
            raise TypeError(
                f"{self.name} matches {_join(self.kinds)}, but {other.name} matches "
                f"{_join(other.kinds)}: no value can match both"
            )
        return kinds

    def __repr__(self) -> str:
        return self.name


def _join(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))


def _from_predicate(
    name: str, holds: Callable[[Any], Any], kinds: frozenset[str] = _ALL_KINDS
) -> Matcher:
    def mismatch(value: Any) -> str | None:
        return None if holds(value) else f"it is {_check.short_repr(value)}"

    return Matcher(name, mismatch, kinds)


any = _from_predicate("match.any", lambda value: value not in _EMPTY)  # noqa: A001 - match.any
"""Match any value that is not empty."""

none = _from_predicate("match.none", lambda value: value in _EMPTY)
"""Match an empty value: no schema, no image, an empty string."""


def equals(value: Any) -> Matcher:
    """Match the same value."""
    types: dict[str, Any] = {"bytes": bytes, "a string": str, "a list": (list, tuple)}
    kinds = {kind for kind, type_ in types.items() if isinstance(value, type_)}
    if "bytes" not in kinds:
        kinds.add("a JSON value")
    name = _check.short_repr(value, _MAX_NAME_LENGTH)
    allowed = _ALL_KINDS if value is None else frozenset(kinds)
    return _from_predicate(name, lambda actual: actual == value, allowed)


def _string_matcher(name: str, argument: str, holds: Callable[[str], Any]) -> Matcher:
    name = f"match.{name}({_check.short_repr(argument, _MAX_NAME_LENGTH)})"
    return _from_predicate(name, lambda value: holds(str(value or "")), _STRING)


@_check.suggest_keywords("match.contains()")
def contains(part: str, *, case: bool = False) -> Matcher:
    """Match a string that contains ``part``.

    Args:
        part: The substring.
        case: Whether upper and lower case are different.
    """
    _check.string("match.contains: part", part)
    if _check.boolean("match.contains: case", case):
        return _string_matcher("contains", part, lambda text: part in text)
    return _string_matcher("contains", part, lambda text: part.lower() in text.lower())


def startswith(prefix: str) -> Matcher:
    """Match a string that starts with ``prefix``."""
    _check.string("match.startswith: prefix", prefix)
    return _string_matcher("startswith", prefix, lambda text: text.startswith(prefix))


@_check.suggest_keywords("match.re()")
def re(pattern: str, flags: int = 0) -> Matcher:
    """Match a string in which a regular expression is found. ``.`` matches newlines, too.

    Raises:
        ValueError: The pattern is not a valid regular expression.
    """
    _check.integer("match.re: flags", flags, 0)
    try:
        compiled = _re.compile(_check.string("match.re: pattern", pattern), flags | _re.DOTALL)
    except _re.error as error:
        message = f"match.re: pattern {pattern!r} is not a valid regular expression: {error}"
        raise ValueError(message) from None
    return _string_matcher("re", pattern, compiled.search)


def predicate(function: Callable[[Any], Any], name: str = "") -> Matcher:
    """Match a value for which a function returns a true value.

    Args:
        function: A function of the value.
        name: The name of the matcher in messages; by default the name of the function.
    """
    if not callable(function):
        raise TypeError(f"match.predicate needs a function, not {_check.short_repr(function)}")
    _check.sync_function("match.predicate: function", function)

    def holds(value: Any) -> Any:
        release_slot()  # The test's function may block.
        return function(value)

    name = _check.string("match.predicate: name", name)
    return _from_predicate(name or getattr(function, "__name__", "match.predicate"), holds)


def _image_property(name: str, expected: Any, reason: str, *attributes: str) -> Matcher:
    get = attrgetter(*attributes)

    def mismatch(image: CallImage) -> str | None:
        actual = get(image)
        return None if actual == expected else reason.format(actual)

    return Matcher(name, mismatch, _IMAGE)


def size(width: int, height: int) -> Matcher:
    """Match an image of this size in pixels."""
    _check.integer("match.size: width", width, 1)
    _check.integer("match.size: height", height, 1)
    name = f"match.size({width}, {height})"
    return _image_property(name, (width, height), "it is {0[0]}x{0[1]}", "width", "height")


def format(name: str) -> Matcher:  # noqa: A001 - read as match.format
    """Match an image of this format: "JPEG" or "PNG", or another that the settings accept.

    Raises:
        ValueError: The format does not exist.
    """
    expected = _check.string("match.format: name", name).upper()
    expected = "JPEG" if expected == "JPG" else expected
    _check.enum("match.format: name", expected, FORMATS)
    return _image_property(f"match.format({expected!r})", expected, "it is {}", "format")


def detail(level: str) -> Matcher:
    """Match an image sent with this detail: "auto", "low" or "high"."""
    _check.enum("match.detail: level", level, ("auto", "low", "high"))
    return _image_property(f"match.detail({level!r})", level, "its detail is {}", "detail")


def sha256(digest: str | bytes) -> Matcher:
    """Match the image with this SHA-256 in hex, or with exactly these bytes.

    Raises:
        ValueError: A str is not a SHA-256 in hex.
    """
    label = "match.sha256: digest"
    _check.instance(label, digest, (str, bytes), "a hash in hex, or the bytes of the file")
    expected = digest if isinstance(digest, str) else hashlib.sha256(digest).hexdigest()
    if not _re.fullmatch("[0-9a-fA-F]{64}", expected):
        raise ValueError(
            f"{label} must be 64 hex digits, not {_check.short_repr(digest)}. "
            "Pass the bytes to match a file."
        )
    name = f"match.sha256({expected[:12]!r}…)"
    return _image_property(name, expected.lower(), "it is {:.12}…", "sha256")


@_check.suggest_keywords("match.near()")
def near(image: bytes | CallImage, max_distance: float = 10) -> Matcher:
    """Match an image that looks similar, such as a scaled or re-encoded copy.

    Images are compared with their EXIF orientation applied.

    Args:
        image: The bytes of a JPEG or PNG file, or an image of a call.
        max_distance: The maximum visual distance, from 0 (the same) to 100 (black and white).
            A distance of 2 is hardly visible. Strong compression and small copies have a
            distance of 2 to 8. The default accepts them, but rejects other images, other
            colors, and an inverted image.

    Raises:
        TypeError: ``image`` is neither bytes nor a CallImage.
        ValueError: The bytes cannot be opened as an image.
    """
    limit = _check.number("match.near: max_distance", max_distance, max_=100)
    facts = image.facts if isinstance(image, CallImage) else _inspect(image)
    expected = LabThumbnail(facts.thumbnail)

    def mismatch(actual: CallImage) -> str | None:
        distance = expected.distance(LabThumbnail(actual.facts.thumbnail))
        if distance <= limit:
            return None
        scale = "0 is the same, 100 is black and white"
        return f"its visual distance is {distance:.1f} ({scale}), more than {limit:g}"

    return Matcher(f"match.near({facts.sha256[:12]}…, {max_distance})", mismatch, _IMAGE)


def _inspect(data: bytes) -> ImageInfo:
    _check.instance("match.near: image", data, bytes, "the bytes of a file, or an image of a call")
    settings = Settings(max_image_bytes=max(1, len(data)), image_formats=FORMATS)
    try:
        return ImageInspector().inspect(data, "", settings)
    except ServiceError as error:
        raise ValueError(f"match.near: image cannot be opened: {error.details}") from None
