"""Generate the scalar values of an example for a JSON schema."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from xai_vision._validation import short_repr
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.default_reply import regex_example

_MAX_COUNTS: Final = {"minItems": 1000, "minProperties": 1000, "minLength": 100_000}
# A lower bound, and whether it is excluded. An upper bound is one of the negative number.
_Bound: TypeAlias = tuple[Fraction, bool]
# Each function returns the n-th value of a format.
_FORMATS: Final[dict[str, Callable[[int], str]]] = {
    "date": lambda n: f"{2025 + n}-07-09",
    "date-time": lambda n: f"{2025 + n}-07-09T12:00:00Z",
    "time": lambda n: f"12:{n // 60:02}:{n % 60:02}Z",
    "duration": lambda n: f"P{n + 1}D",
    **dict.fromkeys(("email", "idn-email"), lambda n: f"someone{n or ''}@example.com"),
    "hostname": lambda n: f"a{n}.example.com" if n else "example.com",
    "ipv4": lambda n: f"192.0.{2 + n // 255}.{1 + n % 255}",
    "ipv6": lambda n: f"2001:db8::{n + 1:x}",
    **dict.fromkeys(
        ("uri", "uri-reference", "iri", "url"), lambda n: f"https://example.com/{n or ''}"
    ),
    "uuid": lambda n: f"3f2b8a4e-5c1d-4e6f-8a9b-0c1d2e3f{n or 0x4A5B:04x}",
    "json-pointer": lambda n: f"/a{n or ''}",
    "regex": lambda n: f"a{n or ''}",
    "byte": lambda n: f"{n:04}" if n else "YQ==",
}


def scalar(
    schema: Mapping[str, Any], type_: str, name: str, variant: int, content: str | None = None
) -> Any:
    """Return a value that is constant, or neither an object nor an array.

    Args:
        schema: The schema, without references and alternatives.
        type_: The type of the value.
        name: The text of a string without a format or pattern.
        variant: Selects one of several values.
        content: The content of the value, if it is known. A string has it if it fits.

    Raises:
        ServiceError: INVALID_ARGUMENT, the type is unknown, or no value that fits was found.
    """
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][variant % len(schema["enum"])]
    if type_ == "string":
        return _string(schema, name, variant, content)
    if type_ in ("integer", "number"):
        return _number(schema, type_ == "integer", variant)
    if type_ not in ("boolean", "null"):
        raise invalid_argument(
            f"The schema is not a valid JSON schema: unknown type {short_repr(type_)}."
        )
    return variant % 2 == 0 if type_ == "boolean" else None


def minimum_count(schema: Mapping[str, Any], keyword: str) -> int:
    """Return the value of ``minItems``, ``minProperties`` or ``minLength``.

    Raises:
        ServiceError: INVALID_ARGUMENT, it is too large.
    """
    count: int = math.ceil(schema.get(keyword, 0))  # JSON Schema allows 2.0 as an integer
    if count > _MAX_COUNTS[keyword]:
        raise invalid_argument(
            f"The schema's {keyword} is too large: {count}. The limit is {_MAX_COUNTS[keyword]}."
        )
    return count


def _string(schema: Mapping[str, Any], name: str, variant: int, content: str | None) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]](variant)
    minimum, maximum = minimum_count(schema, "minLength"), schema.get("maxLength")
    if content is not None and len(content) >= minimum:
        text = content[:maximum]
        if "pattern" not in schema or regex_example.matches(str(schema["pattern"]), text):
            return text
    if "pattern" in schema:
        return regex_example.example(str(schema["pattern"]), minimum, variant)
    text = (f"{name} {variant}" if variant else name).ljust(minimum, ".")
    if maximum is None or len(text) <= maximum:
        return text
    # The end of the text differs between variants.
    return f"{text}{variant}"[-maximum:] if variant and maximum else text[:maximum]


def _number(schema: Mapping[str, Any], integer: bool, variant: int) -> int | float:
    step = abs(_exact(schema.get("multipleOf") or 1))
    if integer:
        # An integer that is a multiple of 3/2 is a multiple of 3.
        step = Fraction(step.numerator)
    low, high = _bound(schema, "Minimum", 1), _bound(schema, "Maximum", -1)
    multiples_only = integer or "multipleOf" in schema
    for candidate in _candidates(low, high, step, variant, multiples_only):
        number = int(candidate) if candidate.denominator == 1 else float(candidate)
        # A float is rounded, possibly beyond a bound.
        exact = _exact(number)
        if (not low or (exact, False) >= low) and (not high or (-exact, False) >= high):
            return number
    raise invalid_argument("The schema's bounds allow no number.")


def _exact(number: float) -> Fraction:
    """Return a number as it is written: 0.3 is three times 0.1, although their floats are not.

    Raises:
        TypeError: It is not a number.
        ValueError: It is infinite or NaN.
    """
    if not isinstance(number, (int, float)):
        raise TypeError(f"{short_repr(number)} is not a number")
    return Fraction(number if number == number // 1 else repr(number))


def _bound(schema: Mapping[str, Any], name: str, sign: int) -> _Bound | None:
    """Return the strictest lower bound of the number, or of its negative if ``sign`` is -1."""
    excluded = {name.lower(): False, f"exclusive{name}": True}
    bounds = [
        (sign * _exact(schema[k]), excluded[k]) for k in excluded if schema.get(k) is not None
    ]
    return max(bounds, default=None)


def _candidates(
    low: _Bound | None, high: _Bound | None, step: Fraction, variant: int, multiples_only: bool
) -> Iterator[Fraction]:
    """Yield a multiple of ``step``, and numbers between the bounds if other numbers fit too."""
    preferred = math.ceil(1 / step)
    first = _first_multiple(low, step) if low else None
    if not high:
        yield (max(preferred, first or 0) + variant) * step
        return
    last = -_first_multiple(high, step)
    if first is None:
        # More multiples than an array has items.
        first, preferred = last - 2 * _MAX_COUNTS["minItems"], last - 64
    elif not first <= preferred <= last:
        preferred = first
    if preferred + variant <= last or (first <= last and (multiples_only or not low)):
        # After the last multiple follow those before the preferred one.
        yield (first + (preferred - first + variant) % (last - first + 1)) * step
    if low and not multiples_only:
        start, end = low[0], -high[0]
        yield from (start + (end - start) * Fraction(variant + 1, variant + 2), end, start)


def _first_multiple(low: _Bound, step: Fraction) -> int:
    bound, excluded = low
    return math.floor(bound / step) + 1 if excluded else math.ceil(bound / step)
