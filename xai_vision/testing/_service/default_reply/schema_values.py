"""Values of JSON that hold no others, each fitting the rules of a schema."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from xai_vision._validation import short_repr
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.default_reply import regex_example as patterns

# Far more than any answer has.
_MOST: Final = {"minItems": 1000, "minProperties": 1000, "minLength": 100_000}
# How many multiples below the largest are tried where there is no least one: more than there are
# items in a list.
_BELOW: Final = 2000
# A bound, and whether it is excluded (not 0).
_Bound: TypeAlias = tuple[Fraction, int]
_FORMATS: Final = {
    "date": "2025-07-09",
    "date-time": "2025-07-09T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "3f2b8a4e-5c1d-4e6f-8a9b-0c1d2e3f4a5b",
    "json-pointer": "/a",
    "regex": "a",
    "byte": "YQ==",
}


def simple(rule: Mapping[str, Any], kind: str, name: str, nth: int) -> Any:
    """Make a value that is fixed, or neither an object nor a list.

    Args:
        rule: The schema, its references followed.
        kind: The type.
        name: What a free string says.
        nth: Which of several different ones.

    Raises:
        ServiceError: INVALID_ARGUMENT, there is no such type or value.
    """
    if "const" in rule:
        return rule["const"]
    if rule.get("enum"):
        return rule["enum"][nth % len(rule["enum"])]
    if kind == "string":
        return _string(rule, name, nth)
    if kind in ("integer", "number"):
        return _number(rule, kind == "integer", nth)
    if kind not in ("boolean", "null"):
        raise invalid_argument(
            f"The schema is no JSON schema: there is no type {short_repr(kind)}."
        )
    return bool((nth + 1) % 2) if kind == "boolean" else None


def least(rule: Mapping[str, Any], key: str) -> int:
    """How many there are to be, at least; ``key`` is minItems and the like.

    Raises:
        ServiceError: INVALID_ARGUMENT, more than any answer has.
    """
    count: int = rule.get(key, 0)
    if count > _MOST[key]:
        raise invalid_argument(f"The schema's {key} is more than an answer can hold: {count}.")
    return count


def _string(rule: Mapping[str, Any], name: str, nth: int) -> str:
    if rule.get("format") in _FORMATS:
        return _formatted(str(rule["format"]), nth)
    if "pattern" in rule:
        return patterns.example(str(rule["pattern"]), least(rule, "minLength"), nth)
    text = name if nth == 0 else f"{name} {nth}"
    shortest, most = least(rule, "minLength"), rule.get("maxLength")
    if len(text) < shortest:
        text += "." * (shortest - len(text))
    if most is not None and len(text) > most:
        # The end is what tells one item from the next.
        text = text[:most] if nth == 0 else f"{text}{nth}"[-most:] if most else ""
    return text


def _formatted(form: str, nth: int) -> str:
    text = _FORMATS[form]
    if nth == 0:
        return text
    if form == "uuid":
        return text[:-4] + f"{nth:04x}"
    if form in ("date", "date-time"):
        return text.replace("2025", str(2025 + nth), 1)
    if form == "ipv4":
        return f"192.0.2.{1 + nth}"
    if form.startswith(("uri", "iri", "url")):
        return f"{text}{nth}"
    return f"a{nth}.{text}" if form == "hostname" else text.replace("1", str(nth + 1), 1)


def _number(rule: Mapping[str, Any], whole: bool, nth: int) -> int | float:
    step = abs(_exact(rule.get("multipleOf") or 1))
    if whole:
        # The whole multiples of 3/2 are those of 3.
        step = Fraction(step.numerator)
    # A bound that is excluded is the stricter of two that are the same.
    low = max(_bounds(rule, "minimum", "exclusiveMinimum"), default=None)
    high = min(_bounds(rule, "maximum", "exclusiveMaximum", -1), default=None)
    free = not whole and "multipleOf" not in rule
    for value in _tries(low, high, step, nth, free):
        made = int(value) if value.denominator == 1 else float(value)
        if _within(rule, made):
            return made
    raise invalid_argument("The schema's bounds leave no number.")


def _exact(number: float) -> Fraction:
    """A number as it was written: 0.3 is three times 0.1, which their floats are not.

    Raises:
        TypeError: It is no number.
        ValueError: It is infinite, or NaN.
    """
    if not isinstance(number, (int, float)):
        raise TypeError(f"a {type(number).__name__} where a number belongs")
    if isinstance(number, int) or number.is_integer():
        return Fraction(number)
    # Raises for what is infinite, or NaN.
    return Fraction(repr(number))


def _bounds(rule: Mapping[str, Any], closed: str, opened: str, sign: int = 1) -> list[_Bound]:
    """The bounds of one side, each with whether it is excluded: ``sign`` if so, else 0."""
    kinds = ((closed, 0), (opened, sign))
    return [(_exact(rule[key]), out) for key, out in kinds if rule.get(key) is not None]


def _tries(
    low: _Bound | None, high: _Bound | None, step: Fraction, nth: int, free: bool
) -> Iterator[Fraction]:
    """What may fit: a multiple of the step and, where any number would do, one between."""
    first, last = _first(low, step), _last(high, step)
    liked = math.ceil(1 / step)
    if first is None:
        first = liked if last is None else last - _BELOW
        liked = liked if last is None else last - 64
    elif liked < first or (last is not None and liked > last):
        liked = first
    if last is None or liked + nth <= last:
        yield (liked + nth) * step
    elif first <= last and not (free and low):
        # Past the end the ones before the liked one follow.
        yield (first + (liked - first + nth) % (last - first + 1)) * step
    if free and low and high:
        yield low[0] + (high[0] - low[0]) * Fraction(nth + 1, nth + 2)
        yield from (high[0], low[0])


def _first(low: _Bound | None, step: Fraction) -> int | None:
    if low is None:
        return None
    bound, out = low
    return math.floor(bound / step) + 1 if out else math.ceil(bound / step)


def _last(high: _Bound | None, step: Fraction) -> int | None:
    if high is None:
        return None
    bound, out = high
    return math.ceil(bound / step) - 1 if out else math.floor(bound / step)


def _within(rule: Mapping[str, Any], made: float) -> bool:
    """Whether a number keeps its bounds; what is written between two floats is rounded to one."""
    return all(
        rule.get(key) is None or keeps(made, rule[key])
        for key, keeps in (
            ("minimum", operator.ge),
            ("maximum", operator.le),
            ("exclusiveMinimum", operator.gt),
            ("exclusiveMaximum", operator.lt),
        )
    )
