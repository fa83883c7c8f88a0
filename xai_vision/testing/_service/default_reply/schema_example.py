"""Generate an example that fits a JSON schema. The same schema always gets the same example.

Supports the keywords that schemas for structured output use: objects, arrays, strings with a
length, pattern or format, numbers with bounds, enum, const, anyOf, oneOf, allOf, references
(recursive ones too), and null in lists of types. Ignores not, if/then/else, dependentSchemas and
patternProperties. Fields with known contents, such as the text of an image, get them if they fit.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.default_reply.image_contents import Contents, Slot
from xai_vision.testing._service.default_reply.schema_values import minimum_count, scalar

# From this depth on optional parts are left out, so that recursive schemas come to an end.
_REQUIRED_ONLY_DEPTH: Final = 4
_MAX_DEPTH: Final = 40
# Counts the characters of the JSON and the visited parts of the schema; reaching it takes up to
# two seconds. Nested lists multiply, and so do references, even if each is small.
_SIZE_LIMIT: Final = 500_000
_SUBSCHEMA_KEYWORDS: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "$defs", "definitions"})
_KEYWORDS_BY_TYPE: Final = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "prefixItems"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "multipleOf"},
}


def example(schema: Any, contents: Contents | None = None) -> Any:
    """Return a value that fits a parsed JSON schema.

    Args:
        schema: The schema.
        contents: The contents of fields, by name.

    Raises:
        ServiceError: INVALID_ARGUMENT, the schema is invalid, or no value that fits it was found.
    """
    try:
        # All of the schema is checked, because errors quote parts that the example leaves out.
        json.dumps(schema, ensure_ascii=False).encode()
        return _ExampleBuilder(schema).build(schema, Slot("text", contents or {}), 0)
    except UnicodeEncodeError as error:
        surrogate = ascii(error.object[error.start])
        problem = f"contains a lone surrogate, {surrogate}, which cannot be encoded as UTF-8"
    except RecursionError:
        problem = "is nested too deeply to be read"
    except ArithmeticError:
        problem = "contains a number that is too large"
    except (TypeError, AttributeError, LookupError, ValueError) as error:
        problem = f"is not a valid JSON schema: a keyword has a value of the wrong type ({error})"
    raise invalid_argument(f"The schema {problem}.")


def parse_schema(text: str, name: str) -> Any:
    """Parse the JSON text of a schema; ``name`` starts the message of an error.

    Raises:
        ServiceError: INVALID_ARGUMENT, the text is not valid JSON, or it is nested too deeply.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise invalid_argument(f"{name} is not valid JSON: {error}.") from None
    except RecursionError:
        raise invalid_argument(f"{name} is nested too deeply to be read.") from None


class _ExampleBuilder:
    """Builds an example of at most ``_SIZE_LIMIT`` characters."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._remaining_size = _SIZE_LIMIT

    def build(self, schema: Any, slot: Slot, depth: int, variant: int = 0) -> Any:
        """Build an example for a place in the value. ``variant`` selects a scalar value."""
        if depth > _MAX_DEPTH:
            raise invalid_argument("The schema requires infinitely nested values.")
        merged = self._merge(schema, depth)
        type_ = _type_of(merged)
        if type_ in ("object", "array") and "const" not in merged and not merged.get("enum"):
            if type_ == "object":
                return self._object(merged, slot, depth)
            return self._array(merged, slot, depth)
        value = scalar(merged, type_, slot.name, variant, slot.text)
        self._consume(len(json.dumps(value, ensure_ascii=False, allow_nan=False)))
        return value

    def _consume(self, size: int) -> None:
        self._remaining_size -= size
        if self._remaining_size < 0:
            raise invalid_argument(
                f"The schema requires too large a value. The limit is {_SIZE_LIMIT} characters."
            )

    def _merge(self, schema: Any, depth: int) -> dict[str, Any]:
        """Return one schema without references and alternatives."""
        values_by_keyword: dict[str, list[Any]] = defaultdict(list)
        for part in self._parts(schema, depth):
            for keyword, value in part.items():
                values_by_keyword[keyword].append(value)
        merged = {}
        for keyword, values in values_by_keyword.items():
            if len(values) > 1 and keyword in ("properties", "required", "enum"):
                self._consume(sum(map(len, values)))
            merged[keyword] = values[0] if len(values) == 1 else _merge_values(keyword, values)
        return merged

    def _parts(self, schema: Any, depth: int, hops: int = 0) -> Iterator[Mapping[str, Any]]:
        if hops > _MAX_DEPTH:
            raise invalid_argument("The schema contains a circular reference.")
        self._consume(1)
        if schema is True:
            return
        if schema is False:
            raise invalid_argument("The schema allows no value.")
        if not isinstance(schema, Mapping):
            raise invalid_argument(
                "The schema is not a valid JSON schema: a part of it must be an object or a "
                f"boolean, not {short_repr(schema)}."
            )
        yield {key: value for key, value in schema.items() if key not in _SUBSCHEMA_KEYWORDS}
        subschemas = [self._resolve(schema["$ref"])] if "$ref" in schema else []
        subschemas += schema.get("allOf", ())
        subschemas += [_choose(schema[k], depth) for k in ("anyOf", "oneOf") if schema.get(k)]
        for subschema in subschemas:
            yield from self._parts(subschema, depth, hops + 1)

    def _resolve(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise invalid_argument(
                f"The schema's $ref {reference!r} is outside the schema. Start it with '#'."
            )
        target = self._root
        try:
            for token in filter(None, reference[1:].split("/")):
                key = token.replace("~1", "/").replace("~0", "~")
                target = target[int(key) if isinstance(target, list) else key]
        except (LookupError, ValueError, TypeError):
            raise invalid_argument(f"The schema's $ref {reference!r} points to nothing.") from None
        return target

    def _object(self, schema: Mapping[str, Any], slot: Slot, depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        self._consume(len(properties) + len(schema.get("required", ())))
        # Dicts are ordered sets here.
        required = dict.fromkeys(schema.get("required", ()))
        include_optional = depth < _REQUIRED_ONLY_DEPTH
        names = dict.fromkeys(n for n in properties if include_optional or n in required)
        names.update(required)
        minimum = minimum_count(schema, "minProperties")
        extra_names = (f"key{number}" for number in itertools.count(1))
        while len(names) < minimum:
            name = next(extra_names)
            if name not in properties:
                names[name] = None
        maximum = schema.get("maxProperties", len(names))
        if len(names) > maximum:
            names = dict.fromkeys([*{**required, **names}][:maximum])
        self._consume(sum(map(len, names)) + 2)
        other = schema.get("additionalProperties", True)
        return {
            name: self.build(properties.get(name, other), slot.field(name), depth + 1)
            for name in names
        }

    def _array(self, schema: Mapping[str, Any], slot: Slot, depth: int) -> list[Any]:
        prefix = schema.get("prefixItems", ())
        other = schema.get("items", True)
        minimum = count = max(minimum_count(schema, "minItems"), len(prefix))
        item_slots = slot.items
        if item_slots is not None and other is not False:
            count = max(count, len(prefix) + len(item_slots))
        elif count == 0 and depth < _REQUIRED_ONLY_DEPTH and other is not False:
            count = 1
        count = int(min(count, schema.get("maxItems", count)))
        self._consume(count + 2)
        empty = slot.without_content()
        items = [self.build(part, empty, depth + 1) for part in prefix[:count]]
        remaining = iter(item_slots or ())
        unique = bool(schema.get("uniqueItems"))
        variant = 0
        while len(items) < count:
            item_slot = next(remaining, empty)
            item = self.build(other, item_slot, depth + 1, variant)
            if not unique or item not in items:
                items.append(item)
            elif item_slot is not empty:
                count = max(count - 1, minimum)
                continue
            elif variant >= len(items) + 64:
                raise invalid_argument("The schema requires more unique items than it allows.")
            # The items have used all earlier variants.
            variant += unique
        return items


def _choose(alternatives: Sequence[Any], depth: int) -> Any:
    """Return the first alternative other than null; at a great depth the simplest one."""

    def rank(schema: Any) -> int:
        type_ = schema.get("type") if isinstance(schema, Mapping) else None
        if depth < _REQUIRED_ONLY_DEPTH:
            return int(type_ == "null" or schema is False)
        if type_ == "null":
            return 0
        return 1 if type_ in ("string", "integer", "number", "boolean") else 2

    return min(alternatives, key=rank)


def _merge_values(keyword: str, values: list[Any]) -> Any:
    """Return the value that combines those of several schemas for a keyword."""
    if keyword == "properties":
        return {name: schema for value in values for name, schema in value.items()}
    if keyword == "required":
        return list(dict.fromkeys(itertools.chain.from_iterable(values)))
    if keyword == "enum":
        allowed = set.intersection(*(set(map(_equality_key, value)) for value in values))
        return [item for item in values[0] if _equality_key(item) in allowed]
    if keyword == "type":
        return reduce(_common_types, values)
    if keyword.startswith(("min", "exclusiveMin")):
        return max(values)
    return min(values) if keyword.startswith(("max", "exclusiveMax")) else values[-1]


def _equality_key(value: Any) -> Hashable:
    """Return a key that is the same for equal JSON values. In JSON, 1 equals 1.0 but not true."""
    if isinstance(value, dict):
        return frozenset((name, _equality_key(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(_equality_key, value))
    return (isinstance(value, bool), value)


def _common_types(first: Any, second: Any) -> list[str]:
    first, second = ([types] if isinstance(types, str) else [*types] for types in (first, second))
    for types in (first, second):
        if "number" in types:
            types.append("integer")
    allowed = set(second)
    return [type_ for type_ in first if type_ in allowed] or second


def _type_of(schema: Mapping[str, Any]) -> str:
    """Return the type to generate: null only if there is no other, guessed if there is none."""
    types = schema.get("type")
    if isinstance(types, str):
        return types
    if types:
        return str(next((type_ for type_ in types if type_ != "null"), "null"))
    guesses = (type_ for type_, keys in _KEYWORDS_BY_TYPE.items() if not keys.isdisjoint(schema))
    return next(guesses, "string")
