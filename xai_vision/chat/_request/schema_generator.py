"""Pydantic's JSON schema generator, adapted to function tools. Importing this needs Pydantic.

Four things differ from Pydantic's schemas:

* Objects are closed (``additionalProperties: false``), except for Pydantic models, which decide
  that themselves.
* A string in ``Annotated`` is a description, as in ``Annotated[int, "Number of days"]``.
* Titles that only repeat a name are left out.
* ``bytes``, ``complex`` and mappings with keys other than strings have no schema, except in
  Pydantic models: JSON has no such values, so the function would not receive what its annotation
  promises.
"""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, Union

from pydantic import BaseModel, Field, TypeAdapter, create_model
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticSerializationError
from typing_extensions import NotRequired, ReadOnly, Required, TypedDict

Schema: TypeAlias = dict[str, Any]


def object_schema(fields: Mapping[str, tuple[Any, Any]]) -> Schema:
    """Return the schema of an object.

    Args:
        fields: The annotation and the default of each field by its name. The default is ``...``
            for a field without one, which is required unless its annotation holds a default.
    """
    # The model has neutral names, as Pydantic refuses or warns about some names that parameters
    # may have, such as _x and json.
    neutral: dict[str, Any] = {
        f"p{index}": (_supported(annotation), Field() if default is ... else default)
        for index, (annotation, default) in enumerate(fields.values())
    }
    model = create_model("Parameters", __base__=_Parameters, **neutral)
    schema = model.model_json_schema(schema_generator=_Generator)
    names = dict(zip(schema["properties"], fields, strict=True))
    result: Schema = {
        "type": "object",
        "properties": {names[key]: value for key, value in schema["properties"].items()},
        "required": [names[key] for key in schema.get("required", ())],
        "additionalProperties": False,
    }
    if "$defs" in schema:
        result["$defs"] = schema["$defs"]
    return _without_titles(result)


def class_schema(cls: type) -> Schema:
    """Return the schema of a dataclass or TypedDict."""
    adapter: TypeAdapter[Any] = TypeAdapter(_supported(cls))
    schema = adapter.json_schema(schema_generator=_Generator)
    if schema.get("title") == cls.__name__:
        del schema["title"]
    return _without_titles(schema)


class _Parameters(BaseModel):
    """The base of the models that represent a function's parameters."""


class _Generator(GenerateJsonSchema):
    # The number of the caller's Pydantic models around the type whose schema is being made.
    _model_depth = 0

    def model_schema(self, schema: Any) -> Schema:
        depth = self._model_depth
        self._model_depth += not issubclass(schema["cls"], _Parameters)
        try:
            return super().model_schema(schema)
        finally:
            self._model_depth = depth

    def emit_warning(self, kind: Any, detail: str) -> None:
        # Pydantic would leave out members of a union that have no schema. The other kind of
        # warning is about a default that is not JSON: it is left out, which is harmless.
        if kind == "skipped-choice" and not self._model_depth:
            raise PydanticInvalidForJsonSchema(detail)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def dataclass_args_schema(self, schema: Any) -> Schema:
        fields = [field for field in schema["fields"] if field.get("init", True)]
        return super().dataclass_args_schema(schema | {"fields": fields})

    def dataclass_schema(self, schema: Any) -> Schema:
        return _closed(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: Any) -> Schema:
        return _closed(super().typed_dict_schema(schema), schema["cls"])

    def dict_schema(self, schema: Any) -> Schema:
        keys = self.generate_inner(schema.get("keys_schema", {"type": "any"}))
        if keys.get("type", "string") != "string" and not self._model_depth:
            return self.handle_invalid_for_json_schema(
                schema, "a mapping with keys other than strings"
            )
        return super().dict_schema(schema)

    def bytes_schema(self, schema: Any) -> Schema:
        if self._model_depth:
            return super().bytes_schema(schema)
        return self.handle_invalid_for_json_schema(schema, "bytes")

    def complex_schema(self, schema: Any) -> Schema:
        if self._model_depth:
            return super().complex_schema(schema)
        return self.handle_invalid_for_json_schema(schema, "complex")

    def literal_schema(self, schema: Any) -> Schema:
        has_bytes = any(isinstance(value, bytes) for value in schema["expected"])
        if has_bytes and not self._model_depth:
            return self.handle_invalid_for_json_schema(schema, "bytes")
        return super().literal_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        encoded = super().encode_default(dft)
        try:
            json.dumps(encoded, allow_nan=False)
        except ValueError as error:  # infinite, or not a number
            raise PydanticSerializationError(str(error)) from error
        return encoded


def _without_titles(schema: Schema) -> Schema:
    """Remove the titles of definitions that only repeat the name."""
    for name, definition in schema.get("$defs", {}).items():
        if definition.get("title") == name:
            del definition["title"]
    return schema


def _closed(schema: Schema, cls: type) -> Schema:
    """Close the object, and add the descriptions that are strings in ``Annotated``."""
    schema.setdefault("additionalProperties", False)
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:  # Pydantic can resolve names of a function's scope; this cannot
        hints = {}
    for name, hint in hints.items():
        field = schema.get("properties", {}).get(name)
        description = next((note for note in _metadata(hint) if isinstance(note, str)), None)
        if field is not None and description is not None:
            field.setdefault("description", description)
    return schema


def _metadata(hint: Any) -> tuple[Any, ...]:
    hint, _ = _split_qualifier(hint)
    return typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()


def _split_qualifier(hint: Any) -> tuple[Any, Any]:
    """Return the type of a TypedDict's field, and Required, NotRequired or None."""
    qualifier = None
    while (origin := typing.get_origin(hint)) in (Required, NotRequired, ReadOnly):
        qualifier = qualifier if origin is ReadOnly else origin
        (hint,) = typing.get_args(hint)
    return hint, qualifier


# Type checkers would read these as annotations.
_ANNOTATED: Any = Annotated
_UNION: Any = Union
_TYPED_DICT: Any = TypedDict


def _supported(annotation: Any, visited: tuple[Any, ...] = ()) -> Any:
    """Return the annotation in a form that Pydantic understands.

    Strings in ``Annotated`` become ``Field(description=...)``. Before Python 3.12, Pydantic
    refuses a ``typing.TypedDict``, so it becomes one of typing_extensions.
    """
    if isinstance(annotation, type) and hasattr(annotation, "__required_keys__"):
        is_supported = sys.version_info >= (3, 12) or type(annotation).__module__ != "typing"
        if is_supported or annotation in visited:
            return annotation
        return _copy_typed_dict(annotation, (*visited, annotation))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        inner, notes = arguments[0], arguments[1:]
        strings = [note for note in notes if isinstance(note, str)]
        if strings:
            # In front, so that a description in the caller's own Field takes precedence.
            notes = (Field(description=strings[0]), *notes)
        arguments = (_supported(inner, visited), *notes)
        return _ANNOTATED[arguments]
    if not arguments or origin is typing.Literal:
        return annotation
    changed = tuple(_supported(argument, visited) for argument in arguments)
    if changed == arguments:
        return annotation
    if origin in (Union, types.UnionType):
        return _UNION[changed]
    # The origin of arguments is generic.
    return origin[changed if len(changed) > 1 else changed[0]]  # pyright: ignore[reportOptionalSubscript, reportGeneralTypeIssues]


def _copy_typed_dict(cls: Any, visited: tuple[Any, ...]) -> Any:
    fields: dict[str, Any] = {}
    for name, annotation in typing.get_type_hints(cls, include_extras=True).items():
        hint, qualifier = _split_qualifier(annotation)
        if qualifier is None:
            qualifier = Required if name in cls.__required_keys__ else NotRequired
        fields[name] = qualifier[_supported(hint, visited)]
    copy = _TYPED_DICT(cls.__name__, fields)
    copy.__doc__, copy.__module__ = cls.__doc__, cls.__module__
    return copy
