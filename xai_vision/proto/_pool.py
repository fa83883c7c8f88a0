"""Create the message classes in a private descriptor pool.

A process has one default pool, which refuses a second definition of a name. xai_sdk registers its
``xai_api`` messages there, and programs may import both packages, so this package uses a private
pool. As a consequence, protobuf treats messages of the two pools as different types;
``_convert.adopt`` converts them.

The classes are created from serialized descriptors instead of protoc's Python code, because that
code requires the version of protobuf that generated it, and registers in the default pool.
"""

from __future__ import annotations

import copyreg
import posixpath
import threading
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from xai_vision.proto._convert import adopt
from xai_vision.proto._descriptors import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

__all__ = ["POOL", "load"]

POOL = descriptor_pool.DescriptorPool()

_TIMESTAMP, _TIMESTAMP_FILE = "google.protobuf.Timestamp", "google/protobuf/timestamp.proto"

# A thread may import chat_pb2 while another imports usage_pb2, which chat_pb2 depends on.
_lock = threading.RLock()
_loaded: dict[str, dict[str, Any]] = {}


def load(proto_file: str, namespace: dict[str, Any]) -> None:
    """Add the definitions of ``proto_file`` to ``namespace``, the globals of its module."""
    with _lock:
        namespace.update(_definitions(proto_file))


def _definitions(proto_file: str) -> dict[str, Any]:
    if proto_file in _loaded:
        return _loaded[proto_file]
    dependencies, serialized = FILES[proto_file]
    # Dependencies get complete classes too: their messages appear as fields of other messages, and
    # must be picklable even if their own module is never imported.
    for dependency in dependencies:
        _definitions(dependency)
    POOL.AddSerializedFile(serialized)
    file = POOL.FindFileByName(proto_file)
    module = f"{__package__}.{posixpath.basename(proto_file).removesuffix('.proto')}_pb2"
    definitions: dict[str, Any] = {"DESCRIPTOR": file}
    for message in file.message_types_by_name.values():
        definitions[message.name] = _message_class(message, module, message.name)
    for enum in file.enum_types_by_name.values():
        definitions[enum.name] = EnumTypeWrapper(enum)
        definitions.update((value.name, value.number) for value in enum.values)
    _loaded[proto_file] = definitions
    return definitions


def _message_class(descriptor: Descriptor, module: str, qualname: str) -> type[Message]:
    cls = message_factory.GetMessageClass(descriptor)
    # pickle and repr find a class by these two attributes, which the factory does not set.
    cls.__module__ = module
    cls.__qualname__ = qualname
    for nested in descriptor.nested_types:
        # The C implementation of protobuf provides cls.Nested; the pure Python one does not.
        inner = _message_class(nested, module, f"{qualname}.{nested.name}")
        if nested.name not in cls.__dict__:
            setattr(cls, nested.name, inner)
        # protobuf would unpickle nested messages through the default pool, which lacks them.
        copyreg.pickle(inner, _reduce)
    stamps = frozenset(f.name for f in descriptor.fields if _type_name(f) == _TIMESTAMP)
    if stamps:
        _accept_other_timestamps(cls, stamps)
    return cls


def _type_name(field: FieldDescriptor) -> str | None:
    return None if field.message_type is None else field.message_type.full_name


def _accept_other_timestamps(cls: type[Message], names: frozenset[str]) -> None:
    """Let the constructor accept ``google.protobuf.timestamp_pb2.Timestamp`` too.

    Programs for xai_sdk pass it; protobuf refuses messages of another pool.
    """
    construct = cls.__init__

    def __init__(self: Message, *args: Any, **fields: Any) -> None:
        for name in names.intersection(fields):
            value = fields[name]
            if getattr(getattr(value, "DESCRIPTOR", None), "full_name", None) == _TIMESTAMP:
                fields[name] = adopt(value, _loaded[_TIMESTAMP_FILE]["Timestamp"])
        construct(self, *args, **fields)

    cls.__init__ = __init__  # type: ignore[method-assign, assignment]


def _reduce(message: Message) -> tuple[Callable[..., Message], tuple[type[Message], bytes]]:
    return _restore, (type(message), message.SerializeToString())


def _restore(cls: type[Message], data: bytes) -> Message:
    return cls.FromString(data)
