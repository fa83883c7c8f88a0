"""Whether a value fits a JSON schema, for the schemas structured output is asked for with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_TYPES: Final[dict[str, Any]] = {
    "object": dict,
    "array": (list, tuple),
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def schema_error(schema: Any, value: Any) -> str:
    """Say where and how ``value`` does not fit ``schema``; "" if it does, or there is none."""
    if schema is None:
        return ""
    return next(_Fitting(schema).faults(schema, value, "$"), "")


class _Fitting:
    def __init__(self, root: Any) -> None:
        self._root = root

    def faults(self, schema: Any, value: Any, at: str) -> Iterator[str]:
        if schema is True or schema == {}:
            return
        if schema is False:
            yield f"{at} is not allowed"
            return
        if "$ref" in schema:
            yield from self.faults(self._find(schema["$ref"]), value, at)
        kinds = schema.get("type")
        wanted = [kinds] if isinstance(kinds, str) else kinds
        if wanted and not any(_is(value, kind) for kind in wanted):
            yield f"{at} is {value!r:.40}, not of type {' or '.join(wanted)}"
            return
        yield from _fixed(schema, value, at)
        yield from self._branches(schema, value, at)
        if isinstance(value, dict):
            yield from self._object(schema, value, at)
        elif isinstance(value, (list, tuple)):
            yield from self._array(schema, value, at)
        elif isinstance(value, str):
            yield from _text(schema, value, at)
        elif _is(value, "number"):
            yield from _number(schema, value, at)

    def _find(self, reference: str) -> Any:
        place = self._root
        for step in filter(None, reference.lstrip("#").split("/")):
            key = step.replace("~1", "/").replace("~0", "~")
            place = place[int(key)] if isinstance(place, list) else place[key]
        return place

    def _branches(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        for part in schema.get("allOf", ()):
            yield from self.faults(part, value, at)
        for key in ("anyOf", "oneOf"):
            faults = [next(self.faults(part, value, at), "") for part in schema.get(key, ())]
            if faults and all(faults):
                yield f"{at} fits none of {key}: {faults[0]}"

    def _object(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at}.{name} is missing"
        for name, inner in value.items():
            part = properties.get(name, schema.get("additionalProperties", True))
            yield from self.faults(part, inner, f"{at}.{name}")

    def _array(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        yield from _length(schema, len(value), "Items", at)
        if schema.get("uniqueItems") and any(
            _equal(one, other) for n, one in enumerate(value) for other in value[:n]
        ):
            yield f"{at} has an item twice"
        first = schema.get("prefixItems", ())
        for number, item in enumerate(value):
            part = first[number] if number < len(first) else schema.get("items", True)
            yield from self.faults(part, item, f"{at}[{number}]")


def _is(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        whole = kind == "number" or (isinstance(value, (int, float)) and value == int(value))
        return isinstance(value, (int, float)) and not isinstance(value, bool) and whole
    return isinstance(value, _TYPES.get(kind, object))


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _fixed(schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    if "const" in schema and not _equal(value, schema["const"]):
        yield f"{at} is {value!r:.40}, not {schema['const']!r:.40}"
    if "enum" in schema and not any(_equal(value, each) for each in schema["enum"]):
        yield f"{at} is {value!r:.40}, none of {schema['enum']!r:.80}"


def _text(schema: Mapping[str, Any], value: str, at: str) -> Iterator[str]:
    yield from _length(schema, len(value), "Length", at)
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} is {value!r:.40}, not of the pattern {schema['pattern']!r}"


def _length(schema: Mapping[str, Any], size: int, noun: str, at: str) -> Iterator[str]:
    if size < schema.get(f"min{noun}", 0):
        yield f"{at} has {size}, fewer than min{noun} {schema[f'min{noun}']}"
    if size > schema.get(f"max{noun}", size):
        yield f"{at} has {size}, more than max{noun} {schema[f'max{noun}']}"


def _number(schema: Mapping[str, Any], value: float, at: str) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if (low is not None and value < low) or (above is not None and value <= above):
        yield f"{at} is {value}, too small"
    if (high is not None and value > high) or (below is not None and value >= below):
        yield f"{at} is {value}, too large"
