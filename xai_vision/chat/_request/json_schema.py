"""JSON schemas of Python's type annotations.

What there is a form for: str, int, float, bool, None, Any; Literal and Enum; Optional and unions;
lists, sets, tuples, sequences; dicts with text keys; dataclasses, TypedDicts, Pydantic models;
NewType and type aliases. ``Annotated[int, "how many"]`` adds a description, and so does Pydantic's
``Field``, with its bounds. Anything else is refused, because a schema that says less than the
annotation would have the model send what the function cannot take.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
import typing
from collections import abc
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, TypeAlias, Union

from xai_vision.errors import InvalidRequestError

Schema: TypeAlias = dict[str, Any]

_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    Any: {},
    object: {},
}
_LISTS = frozenset({list, tuple, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection})
_SETS = frozenset({set, frozenset, abc.Set, abc.MutableSet})
_DICTS = frozenset({dict, abc.Mapping, abc.MutableMapping})

# How annotated_types (and so Pydantic's Field) names a bound, and how JSON Schema does.
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LENGTHS = {
    "string": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}


def closed_object(properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A parameter of a function, or a field of a class."""

    name: str
    annotation: Any
    default: Any = inspect.Parameter.empty
    """``empty`` where the field has to be given."""


class Writer:
    """Writes one document; keeps the definitions that Pydantic's part of it refers to."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.definitions: Schema = {}
        self.open: list[type] = []

    def finish(self, schema: Schema) -> Schema:
        """The document: ``schema`` and the definitions it needs."""
        return schema | {"$defs": self.definitions} if self.definitions else schema

    def fields(self, fields: Iterable[Field], kind: str, within: str = "") -> Schema:
        """The schema of an object with these fields; ``kind`` is what errors call one."""
        properties: dict[str, Schema] = {}
        required = []
        for field in fields:
            place = f"{kind} {within + field.name!r}"
            schema = self.schema(field.annotation, place)
            if field.default is inspect.Parameter.empty:
                required.append(field.name)
            else:
                schema = schema | _default(field.default)
            properties[field.name] = schema
        return closed_object(properties, required)

    def schema(self, annotation: Any, place: str) -> Schema:
        """The schema of one annotation; ``place`` is what errors call where it stands."""
        try:
            plain = _PLAIN.get(annotation)
        except TypeError:  # not hashable, so no type
            plain = None
        if plain is not None:
            return dict(plain)
        if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
            return self._of_class(annotation, place)
        # NewType, and `type X = ...` of Python 3.12.
        for inner in ("__supertype__", "__value__"):
            if hasattr(annotation, inner):
                return self.schema(getattr(annotation, inner), place)
        return self._of_form(annotation, place)

    def _of_form(self, annotation: Any, place: str) -> Schema:
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if not arguments and isinstance(origin, type):  # typing.List, bare
            return self._of_class(origin, place)
        if origin is Annotated:
            schema = self.schema(arguments[0], place)
            return schema | _notes(arguments[1:], schema.get("type"))
        if origin in (Union, types.UnionType):
            options = [self.schema(one, place) for one in arguments]
            return {"anyOf": options}
        if origin is Literal:
            return self._choice(arguments, place)
        if origin is tuple and arguments[-1:] != (...,):
            items = [self.schema(one, place) for one in arguments]
            return {
                "type": "array",
                "prefixItems": items,
                "minItems": len(items),
                "maxItems": len(items),
            }
        if origin in _LISTS | _SETS:
            schema = {"type": "array", "items": self.schema(arguments[0], place)}
            return schema | ({"uniqueItems": True} if origin in _SETS else {})
        if origin in _DICTS:
            key, value = arguments
            if self.schema(key, place).get("type") != "string":
                raise self._refused(annotation, place, "the keys of a JSON object are texts")
            return {"type": "object", "additionalProperties": self.schema(value, place)}
        # Required, NotRequired and ReadOnly of a TypedDict, typing's or typing_extensions'.
        if str(origin).rpartition(".")[2] in ("Required", "NotRequired", "ReadOnly"):
            return self.schema(arguments[0], place)
        raise self._refused(annotation, place)

    def _of_class(self, cls: Any, place: str) -> Schema:
        if cls in _LISTS or cls in _SETS:
            return {"type": "array", "items": {}} | ({"uniqueItems": True} if cls in _SETS else {})
        if cls in _DICTS:
            return {"type": "object"}
        if issubclass(cls, Enum):
            return self._choice([member.value for member in cls], place)
        if hasattr(cls, "model_json_schema"):
            return self._of_model(cls, place)
        if cls in self.open:
            raise self._refused(cls, place, "it holds itself; a Pydantic model may")
        self.open.append(cls)
        within = place.partition("'")[2].rstrip("'")
        within = f"{within}." if within else ""
        try:
            if dataclasses.is_dataclass(cls):
                return self.fields(_dataclass_fields(cls, self.hints(cls)), "field", within)
            if hasattr(cls, "__required_keys__"):
                return self.fields(_typed_dict_fields(cls, self.hints(cls)), "field", within)
        finally:
            self.open.pop()
        raise self._refused(cls, place)

    def _of_model(self, model: Any, place: str) -> Schema:
        schema = pydantic_schema(self.where, model)
        for name, definition in schema.pop("$defs", {}).items():
            if self.definitions.setdefault(name, definition) != definition:
                raise self._refused(model, place, f"another model is called {name!r} as well")
        return schema

    def _choice(self, values: Iterable[Any], place: str) -> Schema:
        found = [value.value if isinstance(value, Enum) else value for value in values]
        for value in found:
            if type(value) not in _PLAIN:
                raise self._refused(value, place, "a choice is a text, number, True, False or None")
        kinds = list(dict.fromkeys(_PLAIN[type(value)]["type"] for value in found))
        return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": found}

    def hints(self, source: Any, names: dict[str, Any] | None = None) -> dict[str, Any]:
        """Annotations with names resolved."""
        try:
            return typing.get_type_hints(source, names, include_extras=True)
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            raise InvalidRequestError(
                f"{self.where}: an annotation cannot be read: {error}; "
                "the types it names have to be at the top of their module"
            ) from None

    def _refused(self, annotation: object, place: str, why: str = "") -> InvalidRequestError:
        shown = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
        return InvalidRequestError(
            f"{self.where}: {place}: {shown:.80} has no form in JSON" + (why and f" ({why})")
        )


def pydantic_schema(where: str, model: Any) -> Schema:
    """The schema that a Pydantic model has of itself."""
    try:
        schema: Schema = model.model_json_schema()
    except Exception as error:  # Pydantic's own errors, without importing it
        raise InvalidRequestError(f"{where}: {model.__name__}: {error}") from error
    return schema


def _dataclass_fields(cls: Any, hints: dict[str, Any]) -> Iterable[Field]:
    for field in dataclasses.fields(cls):
        if field.init:
            default = inspect.Parameter.empty
            if field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            elif field.default is not dataclasses.MISSING:
                default = field.default
            yield Field(field.name, hints[field.name], default)


def _typed_dict_fields(cls: Any, hints: dict[str, Any]) -> Iterable[Field]:
    for name, annotation in hints.items():
        required = name in cls.__required_keys__
        yield Field(name, annotation, inspect.Parameter.empty if required else _LEFT_OUT)


_LEFT_OUT = object()
"""The default of a field that may be missing: not JSON, so no schema shows it."""


def _default(value: Any) -> Schema:
    plain = value.value if isinstance(value, Enum) else value
    try:
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError):
        return {}
    return {"default": plain}


def _notes(notes: Iterable[Any], kind: str | None) -> Schema:
    """What Annotated adds: a description, and bounds."""
    found: Schema = {}
    for note in notes:
        if isinstance(note, str):
            found.setdefault("description", note)
            continue
        written = getattr(note, "description", None)
        if isinstance(written, str):
            found["description"] = written
        for bound in (note, *getattr(note, "metadata", ())):
            for name, word in (_BOUNDS | _LENGTHS.get(kind or "", {})).items():
                value = getattr(bound, name, None)
                if isinstance(value, (int, float, str)):
                    found[word] = value
    return found
