"""A string that a regular expression matches: the simplest one, or the n-th beside it."""

from __future__ import annotations

import re
import string
import sys
from typing import Any

from xai_vision.testing._errors import invalid_argument

_PRINTABLE = string.ascii_lowercase + string.digits + string.ascii_uppercase + "_- .:/@+,"
# Pieces of an example: more would be waited for.
_MOST = 200_000
_CLASSES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_lowercase,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_lowercase,
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_NOT_SPACE": string.ascii_lowercase,
}


def example(pattern: str, least: int = 0, nth: int = 0) -> str:
    """Make a string in which ``pattern`` is found.

    Args:
        pattern: A regular expression, as JSON schemas have it.
        least: Its length at least, where the pattern leaves that open.
        nth: Which of several.

    Raises:
        ServiceError: INVALID_ARGUMENT, it is no pattern or one too clever for this.
    """
    try:
        tree = _parse(pattern)
        made = _Writer(nth).write(tree)
    except (re.error, KeyError, NotImplementedError, Warning) as fault:
        raise invalid_argument(
            f"The schema's pattern {pattern!r} cannot be met: {fault}."
        ) from None
    if len(made) < least:
        longer = _Writer(nth, least).write(tree)
        made = longer if len(longer) >= least else made + "a" * (least - len(made))
    if not re.search(pattern, made):
        raise invalid_argument(f"The schema's pattern {pattern!r} cannot be met.")
    return made


def _parse(pattern: str) -> Any:
    # Python's own parser of expressions: not public, but the same since Python 2; it moved once.
    if sys.version_info >= (3, 11):
        from re import _parser
    else:
        import sre_parse as _parser
    return _parser.parse(pattern)


class _Writer:
    def __init__(self, nth: int, repeat: int = 0) -> None:
        self._nth = nth
        self._repeat = repeat
        self._groups: dict[int, str] = {}
        self._left = _MOST

    def write(self, tree: Any) -> str:
        self._left -= 1
        if self._left < 0:
            raise NotImplementedError("it repeats too much")
        return "".join(getattr(self, f"_{str(kind).lower()}")(value) for kind, value in tree)

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name.strip("_"))

    def _literal(self, code: int) -> str:
        return chr(code)

    def _not_literal(self, code: int) -> str:
        return next(sign for sign in _PRINTABLE if ord(sign) != code)

    def _any(self, _: Any) -> str:
        return "a"

    def _at(self, _: Any) -> str:
        return ""

    def _category(self, name: Any) -> str:
        return _CLASSES[str(name)][0]

    def _in(self, items: Any) -> str:
        negated = str(items[0][0]) == "NEGATE"
        allowed = "".join(_members(item) for item in items if str(item[0]) != "NEGATE")
        if negated:
            allowed = "".join(sign for sign in _PRINTABLE if sign not in allowed)
        if not allowed:
            raise NotImplementedError("it leaves none of the characters tried")
        # Counted down where several are wanted, so that each is another.
        self._nth, turn = divmod(self._nth, len(allowed))
        return allowed[turn]

    def _max_repeat(self, value: Any) -> str:
        low, high, tree = value
        count = min(max(low, 1, min(self._repeat, int(high))), int(high))
        return "".join(self.write(tree) for _ in range(count))

    _min_repeat = _max_repeat
    _possessive_repeat = _max_repeat

    def _subpattern(self, value: Any) -> str:
        number, _, _, tree = value
        made = self.write(tree)
        if number is not None:
            self._groups[number] = made
        return made

    def _atomic_group(self, tree: Any) -> str:
        return self.write(tree)

    def _groupref(self, number: int) -> str:
        return self._groups[number]

    def _branch(self, value: Any) -> str:
        self._nth, turn = divmod(self._nth, len(value[1]))
        return self.write(value[1][turn])


def _members(item: Any) -> str:
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        return chr(value)
    if kind == "RANGE":
        return "".join(map(chr, range(value[0], min(value[1], value[0] + 200) + 1)))
    return _CLASSES[str(value)]
