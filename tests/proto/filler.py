"""Create messages with a value in every field."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

# To compare two Any messages, pure Python protobuf unpacks them with the classes of the default
# pool, and raises KeyError for a class that is not imported.
import google.protobuf.timestamp_pb2  # noqa: F401
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

SERVICES = [
    "auth",
    "batch",
    "chat",
    "collections",
    "documents",
    "embed",
    "files",
    "image",
    "models",
    "sample",
    "tokenize",
    "video",
]
IN_SCOPE = [*SERVICES, "deferred", "shared", "types", "usage"]
DEPENDENCIES = ["any", "empty", "status", "timestamp"]

_SCALARS: dict[str, Any] = {
    "int": 7,
    "float": 0.5,
    "bool": True,
    "str": "zwölf ☃",
    "bytes": b"\x00\xff",
}
_KINDS = {
    FieldDescriptor.CPPTYPE_INT32: "int",
    FieldDescriptor.CPPTYPE_INT64: "int",
    FieldDescriptor.CPPTYPE_UINT32: "int",
    FieldDescriptor.CPPTYPE_UINT64: "int",
    FieldDescriptor.CPPTYPE_FLOAT: "float",
    FieldDescriptor.CPPTYPE_DOUBLE: "float",
    FieldDescriptor.CPPTYPE_BOOL: "bool",
}


def module(name: str) -> Any:
    return importlib.import_module(f"xai_vision.proto.{name}_pb2")


def all_classes() -> list[type[Message]]:
    """Return every message class, including nested ones."""
    classes: list[type[Message]] = []

    def walk(cls: Any) -> None:
        classes.append(cls)
        for name in sorted(nested.name for nested in cls.DESCRIPTOR.nested_types):
            walk(getattr(cls, name))

    for name in (*IN_SCOPE, *DEPENDENCIES):
        for message in sorted(module(name).DESCRIPTOR.message_types_by_name):
            walk(getattr(module(name), message))
    return classes


def variants(cls: type[Message]) -> Iterator[Message]:
    """Yield one message per member of the largest oneof, with all other fields set."""
    for choice in range(max((len(o.fields) for o in _all_oneofs(cls.DESCRIPTOR)), default=1)):
        message = cls()
        _fill(message, choice)
        yield message


def _all_oneofs(descriptor: Descriptor) -> Iterator[Any]:
    yield from descriptor.oneofs
    for field in descriptor.fields:
        if field.message_type is not None:
            yield from _all_oneofs(field.message_type)


def _fill(message: Any, choice: int) -> None:
    if message.DESCRIPTOR.full_name == "google.protobuf.Any":
        # json_format refuses an invalid Any.
        message.Pack(module("timestamp").Timestamp(seconds=5))
        return
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and oneof.fields[choice % len(oneof.fields)] is not field:
            continue
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            getattr(message, field.name)["Schlüssel"] = "Wert"
        elif kind is not None and isinstance(getattr(message, field.name), Message):
            getattr(message, field.name).SetInParent()
            _fill(getattr(message, field.name), choice)
        elif kind is not None:
            for _ in range(2):
                _fill(getattr(message, field.name).add(), choice)
        elif hasattr(getattr(message, field.name), "append"):
            getattr(message, field.name).extend([_scalar(field), _scalar(field)])
        else:
            setattr(message, field.name, _scalar(field))


def _scalar(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _SCALARS["bytes" if field.type == FieldDescriptor.TYPE_BYTES else "str"]
    return _SCALARS[_KINDS[field.cpp_type]]
