"""The functions that create messages, one for each role."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from xai_vision import _validation as checks
from xai_vision.chat._messages.content import Content, image, is_proto, text
from xai_vision.chat._messages.image_content import ImageContent
from xai_vision.chat._messages.message import Message, Part, part_proto
from xai_vision.errors import ImageError, InvalidRequestError
from xai_vision.imaging._image_url import ImageUrlSource
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision.imaging import ImageSource

ContentLike: TypeAlias = "ImageContent | chat_pb2.Content | ImageSource"
"""The parts that user() and similar functions accept."""


def user(*args: ContentLike) -> Message:
    """Create a user message of texts and images in any order.

    Args:
        *args: Strings, images from ``image(...)``, other parts from ``text(...)`` and
            ``file(...)``, or ``chat_pb2.Content`` messages, also of xai_sdk. Bytes, a
            ``pathlib.Path``, a binary file, a Pillow image and a NumPy array are images; a string
            is always text.

    Raises:
        InvalidRequestError: No parts, or an unsupported one; the message says which.
        ImageError: An image cannot be sent.
    """
    return _message("user", chat_pb2.ROLE_USER, args)


def assistant(*args: ContentLike) -> Message:
    """Create a message of the model, such as an earlier response. Arguments as for ``user``."""
    return _message("assistant", chat_pb2.ROLE_ASSISTANT, args)


def system(*args: ContentLike) -> Message:
    """Create a system message with instructions. Arguments as for ``user``."""
    return _message("system", chat_pb2.ROLE_SYSTEM, args)


def developer(*args: ContentLike) -> Message:
    """Create a developer message with instructions. Arguments as for ``user``."""
    return _message("developer", chat_pb2.ROLE_DEVELOPER, args)


def tool_result(
    result: ContentLike | Sequence[ContentLike], tool_call_id: str | None = None
) -> Message:
    """Create the message with the result of a tool call.

    Args:
        result: The result: text (often JSON), an image, or a list of these.
        tool_call_id: The ``id`` of the call; required if there were several.

    Raises:
        InvalidRequestError: As for ``user``.
    """
    parts = result if isinstance(result, (list, tuple)) else (result,)
    message = _message("tool_result", chat_pb2.ROLE_TOOL, parts)
    if tool_call_id is not None:
        message._fields_proto.tool_call_id = checks.string(
            "tool_result(): tool_call_id", tool_call_id
        )
    return message


def _message(function: str, role: chat_pb2.MessageRole.ValueType, args: Sequence[Any]) -> Message:
    if not args:
        raise InvalidRequestError(f"{function}() needs at least one text or image")
    parts = [
        text(arg) if isinstance(arg, str) else _part(arg, f"{function}() argument {number}")
        for number, arg in enumerate(args, 1)
    ]
    proto = chat_pb2.Message(role=role)
    if any(isinstance(part, ImageContent) for part in parts):
        return Message(proto, parts)
    proto.content.extend(part_proto(part) for part in parts)
    return Message(proto)


def _part(arg: object, name: str) -> Part:
    if isinstance(arg, ImageContent):
        return copy.copy(arg)  # the same image can have another detail in another message
    if is_proto(arg, "xai_api.Content"):
        return adopt(arg, Content)
    # Everything that image() accepts, except a string, is unambiguous.
    is_data = isinstance(arg, (bytes, bytearray, memoryview, os.PathLike)) or hasattr(arg, "read")
    if is_data or isinstance(arg, ImageUrlSource) or hasattr(arg, "__array_interface__"):
        try:
            return image(cast("ImageSource", arg))
        except ImageError as error:
            error.source = f"{name}: {error.source}"
            raise
    raise InvalidRequestError(
        f"{name} is a {type(arg).__name__}; pass text, image(...), file(...) or a Content"
    )
