"""The filter language of lists of files.

A filter compares fields with values: ``size_bytes > 1000 AND NOT (name = "a.jpg" OR expires_at =
null)``. NOT binds tighter than AND, and AND tighter than OR. Parentheses, and the order of the
operators, are assumptions; xAI documents the fields and the operators only.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from xai_vision.testing._clock import parse_time
from xai_vision.testing._errors import ServiceError, invalid_argument

Value: TypeAlias = "str | float | None"
Predicate: TypeAlias = "Callable[[Mapping[str, Value]], bool]"

_TEXT_FIELDS: Final = (
    "file_id",
    "name",
    "file_name",
    "content_type",
    "upload_status",
    "user_defined_id",
    "public_url",
)
_NUMBER_FIELDS: Final = ("size_bytes",)
_TIME_FIELDS: Final = ("created_at", "expires_at", "public_url_expires_at")
FIELDS: Final = (*_TEXT_FIELDS, *_NUMBER_FIELDS, *_TIME_FIELDS)
"""The fields that a filter can name."""

_OPERATORS: Final[dict[str, Callable[..., bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<operator>[!<>]=|[=<>])|(?P<bracket>[()])"""
    r"""|(?P<number>-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?![\w.]))|(?P<word>[A-Za-z_]\w*))""",
    re.DOTALL,
)
_MAX_DEPTH: Final = 50


def parse_filter(text: str) -> Predicate:
    """Return the function that says whether the fields of a file match a filter.

    Args:
        text: The filter; an empty one matches every file.

    Raises:
        ServiceError: INVALID_ARGUMENT; the message names the position and what is expected there.
    """
    parser = _Parser(text)
    if not text.strip():
        return lambda fields: True
    predicate = parser.either(0)
    if parser.kind:
        raise parser.error("AND, OR or the end")
    return predicate


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._start = 0
        self.kind = ""
        self.word = ""
        self._advance()

    def _advance(self) -> str:
        """Move to the next token; return the current one."""
        word = self.word
        match = _TOKEN.match(self._text, self._end)
        rest = self._text[self._end :]
        self._start = self._end + len(rest) - len(rest.lstrip())
        if match is not None:
            self.kind, self._end = str(match.lastgroup), match.end()
            self.word = match[self.kind]
        elif rest.strip():
            raise self.error("a field, an operator or a value")
        else:
            self.kind = self.word = ""
        return word

    def either(self, depth: int) -> Predicate:
        predicates = [self._all(depth)]
        while self.word == "OR" and self.kind == "word":
            self._advance()
            predicates.append(self._all(depth))
        return lambda fields: any(predicate(fields) for predicate in predicates)

    def _all(self, depth: int) -> Predicate:
        predicates = [self._one(depth)]
        while self.word == "AND" and self.kind == "word":
            self._advance()
            predicates.append(self._one(depth))
        return lambda fields: all(predicate(fields) for predicate in predicates)

    def _one(self, depth: int) -> Predicate:
        if depth > _MAX_DEPTH:
            raise self.error(f"at most {_MAX_DEPTH} levels of NOT and parentheses")
        if self.kind == "word" and self.word == "NOT":
            self._advance()
            inner = self._one(depth + 1)
            return lambda fields: not inner(fields)
        if self.word == "(":
            self._advance()
            inner = self.either(depth + 1)
            if self.word != ")":
                raise self.error("a closing parenthesis")
            self._advance()
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        if self.kind != "word" or self.word not in FIELDS:
            raise self.error(f"a field ({', '.join(FIELDS)})")
        field = self._advance()
        if self.kind != "operator":
            raise self.error(f"an operator ({' '.join(_OPERATORS)})")
        name = self._advance()
        value = self._value(field, name)
        compare = _OPERATORS[name]
        if value is None or name == "!=":
            return lambda fields: compare(fields[field], value)
        # A field without a value is neither equal to a value, nor less or greater.
        return lambda fields: fields[field] is not None and compare(fields[field], value)

    def _value(self, field: str, name: str) -> Value:
        if self.kind == "word" and self.word == "null":
            if name not in ("=", "!="):
                raise self.error(f"a value for {name}; null is compared with = and !=")
            self._advance()
            return None
        if self.kind == "number" and field not in _TEXT_FIELDS:
            return float(self._advance())
        if self.kind == "string" and field not in _NUMBER_FIELDS:
            try:
                text: str = json.loads(self.word, strict=False)
                value = text if field in _TEXT_FIELDS else parse_time(text)
            except ValueError:
                raise self.error(
                    "a valid string" if field in _TEXT_FIELDS else "a time in ISO 8601 form"
                ) from None
            self._advance()
            return value
        if field in _TEXT_FIELDS:
            raise self.error("a string in double quotes, or null")
        raise self.error(
            "a number, or null" if field in _NUMBER_FIELDS else "a time in double quotes, or null"
        )

    def error(self, expected: str) -> ServiceError:
        found = (
            repr(self._text[self._start : self._start + 20])
            if self.kind or (self._text[self._end :].strip())
            else "the end"
        )
        return invalid_argument(
            f"Invalid filter at position {self._start}: expected {expected}, found {found}."
        )
