"""Messages of a conversation."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload

from xai_vision.chat._messages.image_content import ImageContent, OnImage
from xai_vision.chat._messages.lazy_proto import ProtoBacked
from xai_vision.chat._response.conversions import enum_name
from xai_vision.errors import ImageError
from xai_vision.imaging._image_url import describe_url
from xai_vision.proto import chat_pb2
from xai_vision.proto._wire_format import Write, length_prefix

Part: TypeAlias = "ImageContent | chat_pb2.Content"

# Field number of xai_api.Message.
_CONTENT = 1


class Message(ProtoBacked[chat_pb2.Message]):
    """A message of a conversation. Behaves like ``chat_pb2.Message``; ``.proto`` is one.

    A message with images is not a proto at first: its content is a list of parts, and the other
    fields (role, name, …) are a proto without content. Building the proto releases the parts.
    """

    __slots__ = ("_fields_proto", "_parts")
    _own: ClassVar[frozenset[str]] = frozenset({"_proto", "_parts", "_fields_proto"})

    _parts: tuple[Part, ...]
    _fields_proto: chat_pb2.Message

    def __init__(self, proto: chat_pb2.Message, parts: Sequence[Part] | None = None) -> None:
        # Bypass __setattr__, which forwards attributes to the proto.
        set_own = object.__setattr__
        set_own(self, "_proto", proto if parts is None else None)
        set_own(self, "_fields_proto", proto)
        set_own(self, "_parts", tuple(parts or ()))

    @property
    def role(self) -> chat_pb2.MessageRole.ValueType:
        """The role, a number of ``chat_pb2.MessageRole``."""
        return self._fields.role

    @property
    def content(self) -> Contents:
        """The parts of the message, mutable like the proto's ``content``."""
        return Contents(self)

    @property
    def tool_calls(self) -> Sequence[chat_pb2.ToolCall]:
        """The tool calls of an assistant message."""
        return self._fields.tool_calls

    @property
    def name(self) -> str:
        """The author's name, to distinguish several users."""
        return self._fields.name

    @property
    def tool_call_id(self) -> str:
        """The id of the tool call whose result this is."""
        return self._fields.tool_call_id

    @property
    def reasoning_content(self) -> str:
        """The model's reasoning before its response."""
        return self._fields.reasoning_content

    @property
    def encrypted_content(self) -> str:
        """Encrypted reasoning, or a compacted conversation."""
        return self._fields.encrypted_content

    @property
    def _fields(self) -> chat_pb2.Message:
        return self._fields_proto if self._proto is None else self._proto

    def _build(self) -> chat_pb2.Message:
        parts = self.unbuilt_parts
        if parts is None:  # another thread has built the proto
            return self.proto
        proto = chat_pb2.Message()
        proto.CopyFrom(self._fields_proto)
        proto.content.extend(
            part._as_proto() if isinstance(part, ImageContent) else part for part in parts
        )
        return proto

    def _drop_source(self) -> None:
        self._parts = ()

    @property
    def unbuilt_parts(self) -> tuple[Part, ...] | None:
        """The parts while the proto is not built; None afterwards."""
        # Read in this order: another thread can build the proto.
        parts = self._parts
        return parts if self._proto is None else None

    @property
    def images(self) -> tuple[ImageContent, ...]:
        """The images that are not in the proto yet, in order."""
        return tuple(part for part in self.unbuilt_parts or () if isinstance(part, ImageContent))

    @property
    def encoded_size(self) -> int:
        """The number of bytes that ``write`` writes."""
        parts = self.unbuilt_parts
        if parts is None:
            return self.proto.ByteSize()
        sizes = [_part_size(part) for part in parts]
        return self._fields_proto.ByteSize() + sum(
            len(length_prefix(_CONTENT, size)) + size for size in sizes
        )

    def write(self, write: Write, on_image: OnImage | None = None) -> None:
        """Write the protobuf encoding in steps; ``on_image`` as for ``ImageContent.write``."""
        parts = self.unbuilt_parts
        if parts is None:
            write(self.proto.SerializeToString())
            return
        write(self._fields_proto.SerializeToString())
        for number, part in enumerate(parts, 1):
            try:
                write(length_prefix(_CONTENT, _part_size(part)))
                if isinstance(part, ImageContent):
                    part.write(write, on_image)
                else:
                    write(part.SerializeToString())
            except ImageError as error:
                error.source = f"part {number}: {error.source}"
                raise

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        parts = self.unbuilt_parts
        if parts is None:
            return Message(_copy_proto(self.proto))
        return Message(_copy_proto(self._fields_proto), [copy.copy(part) for part in parts])

    def __copy__(self) -> Message:
        return self.__deepcopy__({})

    def __repr__(self) -> str:
        role = enum_name(chat_pb2.MessageRole, self.role).removeprefix("ROLE_").lower()
        shown = ", ".join(_show(part) for part in self.content)
        return f"{role}({shown})"

    __str__ = __repr__  # the text of a proto would contain the data of images


def _copy_proto(proto: chat_pb2.Message) -> chat_pb2.Message:
    copied = chat_pb2.Message()
    copied.CopyFrom(proto)
    return copied


def _part_size(part: Part) -> int:
    return part.encoded_size if isinstance(part, ImageContent) else part.ByteSize()


def part_proto(part: Part) -> chat_pb2.Content:
    """Return the proto of a part."""
    return part.proto if isinstance(part, ImageContent) else part


def _show(part: Part) -> str:
    if isinstance(part, ImageContent):
        return repr(part)
    kind = part.WhichOneof("content")
    if kind == "text":
        return repr(part.text if len(part.text) <= 60 else part.text[:59] + "…")
    if kind == "image_url":
        return f"image({part.image_url.file_id or describe_url(part.image_url.image_url)})"
    return f"file({part.file.file_id or part.file.url or part.file.filename})"


class Contents(Sequence["Part"]):
    """The parts of a message. Reading keeps images unbuilt; changes build the proto."""

    __slots__ = ("_message",)

    def __init__(self, message: Message) -> None:
        self._message = message

    def _parts(self) -> Sequence[Part]:
        parts = self._message.unbuilt_parts
        return self._message.proto.content if parts is None else parts

    @overload
    def __getitem__(self, index: int) -> Part: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Part]: ...
    def __getitem__(self, index: int | slice) -> Part | Sequence[Part]:
        return self._parts()[index]

    def __len__(self) -> int:
        return len(self._parts())

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (str, bytes)) or not isinstance(other, Iterable):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

    def __delitem__(self, index: int | slice) -> None:
        del self._message.proto.content[index]

    def append(self, part: Part) -> None:
        """Append a part."""
        self._message.proto.content.append(part_proto(part))

    def add(self) -> chat_pb2.Content:
        """Append an empty part and return it."""
        return self._message.proto.content.add()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__") or name == "_message":
                raise AttributeError(name)
            return getattr(self._message.proto.content, name)

    def __repr__(self) -> str:
        return f"[{', '.join(_show(part) for part in self)}]"
