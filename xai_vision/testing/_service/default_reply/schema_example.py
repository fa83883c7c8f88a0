"""An example that fits a JSON schema: the same one for the same schema.

Covers what JSON schemas for structured output are written with: objects, arrays, strings with
length, pattern and format, numbers with bounds, enum, const, anyOf, oneOf, allOf, references
(recursive ones too), null in type lists. Ignored: not, if/then/else, dependentSchemas,
patternProperties.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.default_reply import schema_values as values

# From this depth on only what must be there is made, so that recursive schemas come to an end.
_SPARE_FROM: Final = 4
_DEEPEST: Final = 40
# Characters of JSON, and looks at a part of the schema: a fifth of a second, or two. Lists within
# lists multiply, and so do references, where no bound of their own is passed.
_LARGEST: Final = 500_000


def example(schema: Any, text: str = "text") -> Any:
    """Make a value that fits ``schema``.

    Args:
        schema: A JSON schema, parsed.
        text: What free strings say where nothing names them.

    Raises:
        ServiceError: INVALID_ARGUMENT, the schema can't be met, is none, refers to nothing or
            contains a lone surrogate.
    """
    _sendable(schema)
    try:
        return _Maker(schema, _Room(_LARGEST)).make(schema, text, 0)
    except RecursionError:
        raise invalid_argument("The schema needs itself without end.") from None
    except ArithmeticError:
        raise invalid_argument(
            "The schema has a number that is too large to make others from."
        ) from None
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        # A word of it has a value that JSON Schema does not give it: "type": 3, "minItems": "x".
        words = f"a keyword has a value of the wrong kind ({error})"
        raise invalid_argument(f"The schema is no JSON schema: {words}.") from None


def parse_schema(text: str, what: str) -> Any:
    """Parse a schema's text.

    Args:
        text: The JSON.
        what: What to call it in an error.

    Raises:
        ServiceError: INVALID_ARGUMENT, it is no JSON or nested too deeply to be read.
    """
    try:
        return json.loads(text)
    except ValueError as fault:
        raise invalid_argument(f"{what} is no valid JSON: {fault}.") from None
    except RecursionError:
        raise invalid_argument(f"{what} is nested too deeply to be read.") from None


def _sendable(schema: Any) -> None:
    """Check that what is taken from a schema can be sent; all of it, as errors quote it too."""
    try:
        json.dumps(schema, ensure_ascii=False).encode()
    except UnicodeEncodeError as fault:
        half = ascii(fault.object[fault.start])
        raise invalid_argument(
            f"The schema contains a lone surrogate, {half}, which cannot be encoded as UTF-8. "
            "Remove it."
        ) from None
    except RecursionError:
        raise invalid_argument("The schema is nested too deeply to be read.") from None


@dataclass
class _Room:
    """How much an answer may yet hold."""

    left: int

    def take(self, size: int) -> None:
        """Use some of it.

        Raises:
            ServiceError: There is not that much left.
        """
        self.left -= size
        if self.left < 0:
            raise invalid_argument(
                f"The schema asks for more than an answer can hold: {_LARGEST} characters."
            )


@dataclass(frozen=True)
class _Maker:
    root: Any
    room: _Room

    def make(self, schema: Any, name: str, depth: int, nth: int = 0) -> Any:
        if schema is False:
            raise invalid_argument("The schema allows no value.")
        if depth > _DEEPEST:
            raise invalid_argument("The schema needs itself without end.")
        rule = self._flat(schema, depth)
        kind = _kind(rule)
        if not ("const" in rule or rule.get("enum")):
            if kind == "object":
                return self._object(rule, depth)
            if kind == "array":
                return self._array(rule, name, depth)
        made = values.simple(rule, kind, name, nth)
        self.room.take(len(json.dumps(made, ensure_ascii=False, allow_nan=False)))
        return made

    def _flat(self, schema: Any, depth: int) -> dict[str, Any]:
        """The schema with references followed and alternatives chosen."""
        found: dict[str, list[Any]] = {}
        for part in self._parts(schema, depth, 0):
            for key, value in part.items():
                found.setdefault(key, []).append(value)
        return {key: self._joined(key, given) for key, given in found.items()}

    def _joined(self, key: str, given: list[Any]) -> Any:
        if len(given) == 1:
            return given[0]
        if key in ("properties", "required", "enum"):
            self.room.take(sum(map(len, given)))
        return _joined(key, given)

    def _parts(self, schema: Any, depth: int, hops: int) -> Iterator[Mapping[str, Any]]:
        if hops > _DEEPEST:
            raise invalid_argument("The schema refers to itself in a circle.")
        self.room.take(1)
        if schema is True:
            return
        if not isinstance(schema, Mapping):
            raise invalid_argument("A part of the schema is no JSON schema.")
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
            raise invalid_argument(f"The schema refers to {reference!r}, outside itself.")
        place = self.root
        for step in filter(None, reference[1:].split("/")):
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                place = place[int(key)] if isinstance(place, list) else place[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise invalid_argument(
                    f"The schema refers to {reference!r}, which is not there."
                ) from None
        return place

    def _object(self, rule: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = rule.get("properties", {})
        required = rule.get("required", ())
        extra = rule.get("additionalProperties", True)
        self.room.take(len(properties) + len(required))
        # Dicts, not lists: in their order, and found at once.
        needed = dict.fromkeys(required)
        wanted = dict.fromkeys(n for n in properties if n in needed or depth < _SPARE_FROM)
        wanted.update(needed)
        spare = (name for name in _spare_names(properties) if name not in wanted)
        while len(wanted) < values.least(rule, "minProperties"):
            wanted[next(spare)] = None
        most = rule.get("maxProperties", len(wanted))
        if len(wanted) > most:
            wanted = dict.fromkeys(list({**needed, **wanted})[:most])
        self.room.take(sum(map(len, wanted)) + 2)
        return {name: self.make(properties.get(name, extra), name, depth + 1) for name in wanted}

    def _array(self, rule: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        first = rule.get("prefixItems", ())
        least = max(values.least(rule, "minItems"), len(first))
        if least == 0 and depth < _SPARE_FROM and rule.get("items") is not False:
            least = 1
        count = min(least, rule.get("maxItems", least))
        rest = rule.get("items", True)
        self.room.take(count + 2)
        found = [self.make(first[n], name, depth + 1) for n in range(min(count, len(first)))]
        # What was already made is not made again to find an item that is different.
        nth = 0
        while len(found) < count:
            item = self.make(rest, name, depth + 1, nth)
            if not rule.get("uniqueItems"):
                found.append(item)
                continue
            nth += 1
            if item not in found:
                found.append(item)
            elif nth > len(found) + 64:
                raise invalid_argument(
                    "The schema wants more different items than it allows values."
                )
        return found


_JOINED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "$defs", "definitions"})


def _joined(key: str, given: list[Any]) -> Any:
    """What several parts of a schema say together of a keyword."""
    if key == "properties":
        return {name: rule for some in given for name, rule in some.items()}
    if key == "required":
        return list(dict.fromkeys(name for some in given for name in some))
    if key == "enum":
        allowed = set.intersection(*({_same(item) for item in some} for some in given))
        return [item for item in given[0] if _same(item) in allowed]
    if key.startswith(("min", "exclusiveMin")):
        return max(given)
    if key.startswith(("max", "exclusiveMax")):
        return min(given)
    return reduce(_narrowed, given) if key == "type" else given[-1]


def _same(value: Any) -> Hashable:
    """What is equal for values that are so in JSON: 1 and 1.0, though not 1 and true."""
    if isinstance(value, dict):
        return ("object", frozenset((key, _same(inner)) for key, inner in value.items()))
    if isinstance(value, list):
        return ("array", *map(_same, value))
    return ("simple", isinstance(value, bool), value)


def _narrowed(one: Any, other: Any) -> Any:
    ones = [one] if isinstance(one, str) else list(one)
    others = [other] if isinstance(other, str) else list(other)
    if "number" in others:
        others.append("integer")
    allowed = set(others)
    return [kind for kind in ones if kind in allowed] or others


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


def _spare_names(taken: Mapping[str, Any]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"key{number}" not in taken:
            yield f"key{number}"
