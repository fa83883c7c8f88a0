"""Values of JSON that hold no others, each fitting the rules of a schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from xai_vision.checks import shown
from xai_vision.testing import patterns
from xai_vision.testing.problems import invalid

__all__ = ["least", "simple"]

# Far more than any answer has.
_MOST: Final = {"minItems": 1000, "minProperties": 1000, "minLength": 100_000}
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
        raise invalid(f"The schema is no JSON schema: there is no type {shown(kind)}.")
    return bool((nth + 1) % 2) if kind == "boolean" else None


def least(rule: Mapping[str, Any], key: str) -> int:
    """How many there are to be, at least; ``key`` is minItems and the like.

    Raises:
        ServiceError: INVALID_ARGUMENT, more than any answer has.
    """
    count: int = rule.get(key, 0)
    if count > _MOST[key]:
        raise invalid(f"The schema's {key} is more than an answer can hold: {count}.")
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
    step = rule.get("multipleOf") or 1
    low, high = _bounds(rule, whole, step)
    start = 1 if low is None and high is None else low if low is not None else high - 64 * step
    if low is not None and low <= 1 and (high is None or high >= 1):
        start = 1
    value = math.ceil(start / step) * step + nth * step
    if low is not None and value < low:
        value += step
    if high is not None and value > high:
        # No multiple of 1 lies between; halfway between the bounds does.
        if whole or "multipleOf" in rule or low is None:
            raise invalid("The schema's bounds leave no number.")
        return float(low + (high - low) * (nth + 1) / (nth + 2))
    return int(value) if whole else value


def _bounds(rule: Mapping[str, Any], whole: bool, step: float) -> tuple[Any, Any]:
    low, high = rule.get("minimum"), rule.get("maximum")
    above, below = rule.get("exclusiveMinimum"), rule.get("exclusiveMaximum")
    nudge = step if whole or "multipleOf" in rule else None
    if above is not None:
        edge = above + (nudge or max(abs(above), 1) * 1e-9)
        if nudge:
            edge = (math.floor(above / step) + 1) * step
        low = edge if low is None else max(low, edge)
    if below is not None:
        edge = below - (nudge or max(abs(below), 1) * 1e-9)
        if nudge:
            edge = (math.ceil(below / step) - 1) * step
        high = edge if high is None else min(high, edge)
    return low, high
