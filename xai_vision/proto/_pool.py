"""Message classes in a descriptor pool of their own.

protobuf's default pool is one per process and refuses a second definition of a name. xai_sdk
registers its ``xai_api`` messages there, and people do load both packages in one process, so ours
live in a private pool. The price: protobuf takes objects of the two pools for different types;
``convert.adopt`` carries a message across.

The classes are made from serialized descriptors instead of protoc's Python code, because that
code is tied to the version of protobuf that made it, and registers itself in the default pool.
"""

from __future__ import annotations

import copyreg
import posixpath
import threading
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from xai_vision.proto._descriptors import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

__all__ = ["POOL", "load"]

POOL = descriptor_pool.DescriptorPool()

# One thread may import chat_pb2 while another imports usage_pb2, which chat needs as well.
_lock = threading.RLock()
_loaded: dict[str, dict[str, Any]] = {}


def load(proto_file: str, namespace: dict[str, Any]) -> None:
    """Put everything ``proto_file`` defines into ``namespace``, the globals of its module."""
    with _lock:
        namespace.update(_contents(proto_file))


def _contents(proto_file: str) -> dict[str, Any]:
    if proto_file in _loaded:
        return _loaded[proto_file]
    dependencies, serialized = FILES[proto_file]
    # Files that are merely depended upon get finished classes too: their messages turn up as
    # fields of ours, and must pickle although nobody has imported their module yet.
    for dependency in dependencies:
        _contents(dependency)
    POOL.AddSerializedFile(serialized)
    file = POOL.FindFileByName(proto_file)
    module = f"{__package__}.{posixpath.basename(proto_file).removesuffix('.proto')}_pb2"
    names: dict[str, Any] = {"DESCRIPTOR": file}
    for message in file.message_types_by_name.values():
        names[message.name] = _message_class(message, module, message.name)
    for enum in file.enum_types_by_name.values():
        names[enum.name] = EnumTypeWrapper(enum)
        names.update((value.name, value.number) for value in enum.values)
    _loaded[proto_file] = names
    return names


def _message_class(descriptor: Descriptor, module: str, qualname: str) -> type[Message]:
    cls = message_factory.GetMessageClass(descriptor)
    # Pickle and repr find a class by these two; a class from the factory has no home module.
    cls.__module__ = module
    cls.__qualname__ = qualname
    for nested in descriptor.nested_types:
        # The C implementation answers cls.Nested by itself, the pure Python one does not.
        inner = _message_class(nested, module, f"{qualname}.{nested.name}")
        if nested.name not in cls.__dict__:
            setattr(cls, nested.name, inner)
        # protobuf unpickles nested messages through the default pool, where ours are not.
        copyreg.pickle(inner, _reduce)
    return cls


def _reduce(message: Message) -> tuple[Callable[..., Message], tuple[type[Message], bytes]]:
    return _restore, (type(message), message.SerializeToString())


def _restore(cls: type[Message], data: bytes) -> Message:
    return cls.FromString(data)
