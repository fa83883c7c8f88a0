"""An example that fits a JSON schema: the same one for the same schema.

Covers what JSON schemas for structured output are written with: objects, arrays, strings with
length, pattern and format, numbers with bounds, enum, const, anyOf, oneOf, allOf, references
(recursive ones too), null in type lists. Ignored: not, if/then/else, dependentSchemas,
patternProperties.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xai_vision.testing import patterns
from xai_vision.testing.problems import invalid

__all__ = ["example"]

# From this depth on only what must be there is made, so that recursive schemas come to an end.
_SPARE_FROM: Final = 4
_DEEPEST: Final = 40
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


def example(schema: Any, text: str = "text") -> Any:
    """Make a value that fits ``schema``.

    Args:
        schema: A JSON schema, parsed.
        text: What free strings say where nothing names them.

    Raises:
        ServiceError: INVALID_ARGUMENT, the schema can't be met, is none or refers to nothing.
    """
    try:
        return _Maker(schema).make(schema, text, 0)
    except RecursionError:
        raise invalid("The schema needs itself without end.") from None
    except (TypeError, AttributeError, LookupError, ValueError, ArithmeticError) as error:
        # A word of it has a value that JSON Schema does not give it: "type": 3, "minItems": "x".
        raise invalid(f"The schema is no JSON schema: {type(error).__name__}: {error}") from None


@dataclass(frozen=True)
class _Maker:
    root: Any

    def make(self, schema: Any, name: str, depth: int, nth: int = 0) -> Any:
        if schema is False:
            raise invalid("The schema allows no value.")
        if depth > _DEEPEST:
            raise invalid("The schema needs itself without end.")
        rule = self._flat(schema, depth)
        if "const" in rule:
            return rule["const"]
        if rule.get("enum"):
            return rule["enum"][nth % len(rule["enum"])]
        kind = _kind(rule)
        if kind == "object":
            return self._object(rule, depth)
        if kind == "array":
            return self._array(rule, name, depth)
        if kind == "string":
            return _string(rule, name, nth)
        if kind in ("integer", "number"):
            return _number(rule, kind == "integer", nth)
        return {"boolean": bool((nth + 1) % 2), "null": None}[kind]

    def _flat(self, schema: Any, depth: int) -> dict[str, Any]:
        """The schema with references followed and alternatives chosen."""
        rule: dict[str, Any] = {}
        for part in self._parts(schema, depth, 0):
            _merge(rule, part)
        return rule

    def _parts(self, schema: Any, depth: int, hops: int) -> Iterator[Mapping[str, Any]]:
        if hops > _DEEPEST:
            raise invalid("The schema refers to itself in a circle.")
        if schema is True:
            return
        if not isinstance(schema, Mapping):
            raise invalid("A part of the schema is no JSON schema.")
        yield {key: value for key, value in schema.items() if key not in _JOINED}
        if "$ref" in schema:
            yield from self._parts(self._find(schema["$ref"]), depth, hops + 1)
        for part in schema.get("allOf", ()):
            yield from self._parts(part, depth, hops + 1)
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                chosen = self._choose(schema[key], depth)
                yield from self._parts(chosen, depth, hops + 1)

    def _choose(self, branches: Sequence[Any], depth: int) -> Any:
        """The first branch with something in it; deep down the one that ends soonest."""

        def rank(branch: Any) -> int:
            kinds = branch.get("type") if isinstance(branch, Mapping) else None
            null = kinds == "null"
            if depth < _SPARE_FROM:
                return int(null or branch is False)
            simple = kinds in ("string", "integer", "number", "boolean")
            return 0 if null else 1 if simple else 2

        return min(branches, key=rank)

    def _find(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise invalid(f"The schema refers to {reference!r}, outside itself.")
        place = self.root
        for step in filter(None, reference[1:].split("/")):
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                place = place[int(key)] if isinstance(place, list) else place[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise invalid(f"The schema refers to {reference!r}, which is not there.") from None
        return place

    def _object(self, rule: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = rule.get("properties", {})
        required = rule.get("required", ())
        extra = rule.get("additionalProperties", True)
        wanted = [n for n in properties if n in required or depth < _SPARE_FROM]
        wanted += [name for name in required if name not in properties]
        while len(wanted) < _least(rule, "minProperties"):
            wanted.append(next(n for n in _spare_names(properties) if n not in wanted))
        most = rule.get("maxProperties", len(wanted))
        if len(wanted) > most:
            wanted = [*required, *(name for name in wanted if name not in required)][:most]
        return {name: self.make(properties.get(name, extra), name, depth + 1) for name in wanted}

    def _array(self, rule: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        first = rule.get("prefixItems", ())
        least = max(_least(rule, "minItems"), len(first))
        if least == 0 and depth < _SPARE_FROM and rule.get("items") is not False:
            least = 1
        count = min(least, rule.get("maxItems", least))
        rest = rule.get("items", True)
        found = [self.make(first[n], name, depth + 1) for n in range(min(count, len(first)))]
        while len(found) < count:
            found.append(self._item(rule, rest, name, depth, found))
        return found

    def _item(
        self, rule: Mapping[str, Any], schema: Any, name: str, depth: int, found: list[Any]
    ) -> Any:
        if not rule.get("uniqueItems"):
            return self.make(schema, name, depth + 1)
        for nth in range(len(found) + 64):
            item = self.make(schema, name, depth + 1, nth)
            if item not in found:
                return item
        raise invalid("The schema wants more different items than it allows values.")


_JOINED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "$defs", "definitions"})


def _merge(rule: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        old = rule.get(key)
        if key == "properties" and old is not None:
            rule[key] = {**old, **value}
        elif key == "required" and old is not None:
            rule[key] = [*old, *(name for name in value if name not in old)]
        elif key == "enum" and old is not None:
            rule[key] = [item for item in old if item in value]
        elif key.startswith(("min", "exclusiveMin")) and old is not None:
            rule[key] = max(old, value)
        elif key.startswith(("max", "exclusiveMax")) and old is not None:
            rule[key] = min(old, value)
        elif key == "type" and old is not None:
            rule[key] = _narrowed(old, value)
        else:
            rule[key] = value


def _narrowed(one: Any, other: Any) -> Any:
    ones = [one] if isinstance(one, str) else list(one)
    others = [other] if isinstance(other, str) else list(other)
    if "number" in others:
        others.append("integer")
    return [kind for kind in ones if kind in others] or others


def _kind(rule: Mapping[str, Any]) -> str:
    kinds = rule.get("type")
    if isinstance(kinds, str):
        return kinds
    if kinds:
        return str(next((kind for kind in kinds if kind != "null"), "null"))
    if "properties" in rule or "required" in rule or "additionalProperties" in rule:
        return "object"
    if "items" in rule or "prefixItems" in rule:
        return "array"
    if any(key in rule for key in ("minimum", "maximum", "exclusiveMinimum", "multipleOf")):
        return "number"
    return "string"


def _least(rule: Mapping[str, Any], key: str) -> int:
    least: int = rule.get(key, 0)
    if least > _MOST[key]:
        raise invalid(f"The schema's {key} is more than an answer can hold: {least}.")
    return least


def _spare_names(taken: Mapping[str, Any]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"key{number}" not in taken:
            yield f"key{number}"


def _string(rule: Mapping[str, Any], name: str, nth: int) -> str:
    if rule.get("format") in _FORMATS:
        return _formatted(str(rule["format"]), nth)
    if "pattern" in rule:
        return patterns.example(str(rule["pattern"]), _least(rule, "minLength"), nth)
    text = name if nth == 0 else f"{name} {nth}"
    least, most = _least(rule, "minLength"), rule.get("maxLength")
    if len(text) < least:
        text += "." * (least - len(text))
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
