"""Generate a string that matches a regular expression."""

from __future__ import annotations

import importlib
import re
import string
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

from xai_vision.testing._errors import invalid_argument

# Python's parser of regular expressions is not public, but it is the same in all versions
# except for its name.
_parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

_PRINTABLE = string.ascii_lowercase + string.digits + string.ascii_uppercase + "_- .:/@+,"
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_lowercase,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_lowercase,
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_NOT_SPACE": string.ascii_lowercase,
}
# Bounds the time for patterns with nested repetitions.
_MAX_GENERATED_PARTS = 200_000
_T = TypeVar("_T")


def example(pattern: str, min_length: int = 0, variant: int = 0) -> str:
    """Return a string in which ``pattern`` is found.

    Args:
        pattern: A regular expression of a JSON schema.
        min_length: The minimum length of the string, as far as the pattern allows it.
        variant: Selects one of several strings.

    Raises:
        ServiceError: INVALID_ARGUMENT, the pattern is invalid, or it is not supported.
    """
    try:
        tree = _parser.parse(pattern)
        text = _Generator(variant).generate(tree)
        if len(text) < min_length:
            longer = _Generator(variant, min_length).generate(tree)
            text = longer if len(longer) >= min_length else text.ljust(min_length, "a")
        if not re.search(pattern, text):
            raise NotImplementedError("the generated string does not match it")
        text.encode()  # raises for a lone surrogate
    except (re.error, KeyError, NotImplementedError, UnicodeError, Warning) as error:
        raise invalid_argument(
            f"No example can be generated for the schema's pattern {pattern!r}: {error}."
        ) from None
    return text


def matches(pattern: str, text: str) -> bool:
    """Return whether ``pattern`` is found in a text; False if it is invalid."""
    try:
        return bool(re.search(pattern, text))
    except re.error:
        return False


class _Generator:
    """Generates a string from the syntax tree of a regular expression.

    ``repetitions`` is how often a part is repeated, within the limits of the pattern.
    """

    def __init__(self, variant: int, repetitions: int = 1) -> None:
        self._variant = variant
        self._repetitions = repetitions
        self._groups: dict[int | None, str] = {}
        self._remaining_parts = _MAX_GENERATED_PARTS

    def generate(self, tree: Any) -> str:
        self._remaining_parts -= 1
        if self._remaining_parts < 0:
            raise NotImplementedError("it has too many repetitions")
        return "".join(self._part(str(kind), value) for kind, value in tree)

    def _part(self, kind: str, value: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL":
                return "b" if value == ord("a") else "a"
            case "ANY":
                return "a"
            case "AT":
                return ""
            case "IN":
                return self._choose(_allowed_characters(value))
            case "BRANCH":
                return self.generate(self._choose(value[1]))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, tree = value
                count = min(max(low, self._repetitions), high)
                return "".join(self.generate(tree) for _ in range(count))
            case "SUBPATTERN":
                text = self._groups[value[0]] = self.generate(value[-1])
                return text
            case "ATOMIC_GROUP":
                return self.generate(value)
            case "GROUPREF":
                return self._groups[value]
        raise NotImplementedError(f"{kind.lower()} is not supported")

    def _choose(self, options: Sequence[_T]) -> _T:
        # The quotient selects among the options of later parts, so that each variant differs.
        self._variant, index = divmod(self._variant, len(options))
        return options[index]


def _allowed_characters(items: Any) -> str:
    """Return some of the characters of a set such as ``[^a-z]``."""
    listed = ""
    for kind, value in items:
        match str(kind):
            case "LITERAL":
                listed += chr(value)
            case "RANGE":
                listed += "".join(map(chr, range(value[0], min(value[1], value[0] + 200) + 1)))
            case "CATEGORY":
                listed += _CATEGORIES[str(value)]
    if str(items[0][0]) == "NEGATE":
        listed = "".join(character for character in _PRINTABLE if character not in listed)
    if not listed:
        raise NotImplementedError("it excludes every character that is tried")
    return listed
