"""Parts of a message: text, images, files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard, overload

from google.protobuf.message import Message as ProtoMessage

from xai_vision import _validation as checks
from xai_vision.chat._messages.image_content import ImageContent, ImageDetail, detail_to_proto
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging._image_url import ImageUrlSource
from xai_vision.proto import chat_pb2, image_pb2

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.imaging import ImageOptions, ImageSource
    from xai_vision.proto import files_pb2

Content = chat_pb2.Content
_FILE: Final = "xai_api.File"


@overload
def image(
    image_url: ImageSource, *, detail: ImageDetail | None = ..., **options: Unpack[ImageOptions]
) -> ImageContent: ...
@overload
def image(*, file_id: str, detail: ImageDetail | None = ...) -> chat_pb2.Content: ...
@overload
def image(*, file: files_pb2.File, detail: ImageDetail | None = ...) -> chat_pb2.Content: ...
def image(
    image_url: ImageSource | None = None,
    *,
    detail: ImageDetail | None = "auto",
    file_id: str | None = None,
    file: files_pb2.File | None = None,
    **options: Unpack[ImageOptions],
) -> ImageContent | chat_pb2.Content:
    """Create an image part for ``user(...)``.

    Args:
        image_url: A URL (``https://…``, which the service fetches for each request), a data URL,
            base64, bytes, a ``pathlib.Path``, a binary file, a Pillow image, a NumPy array, or
            the result of ``prepare_image``. A string is never treated as a path. The file of a
            Path is read when a request is written, so it must not change during the
            conversation; pass its bytes if it can.
        detail: "low" costs the fewest tokens, "high" the most and keeps fine details; with
            "auto" (the default, also None) the service decides.
        file_id: The id of an uploaded image, instead of ``image_url``. A conversation sends an
            image again with each turn, but only the id of an uploaded one.
        file: The result of ``client.files.upload``, instead of ``file_id``.
        **options: See ``ImageOptions``.

    Returns:
        A part that behaves like ``chat_pb2.Content``; with ``file_id`` or ``file`` it is one.

    Raises:
        ImageError: The service would refuse the image; the message has the remedy.
        InvalidRequestError: ``detail`` or an option is invalid.

    Examples:
        >>> from xai_vision.chat import image, user
        >>> message = user("What is this?", image("https://example.com/a.jpg", detail="low"))
    """
    number = detail_to_proto(detail)
    if is_proto(image_url, _FILE):
        raise InvalidRequestError("image(): pass an uploaded file as image(file=...)")
    if file is not None or file_id is not None:
        if image_url is not None or options or (file is not None and file_id is not None):
            raise InvalidRequestError("image() accepts one of an image, file_id= and file=")
        uploaded = image_pb2.ImageUrlContent(
            file_id=_file_id("image", file, file_id), detail=number
        )
        return chat_pb2.Content(image_url=uploaded)
    if image_url is None:
        raise InvalidRequestError("image() needs an image, file_id= or file=")
    return ImageContent(_prepared(image_url, options), number)


def _file_id(function: str, file: object, file_id: object) -> str:
    if file is not None:
        if not is_proto(file, _FILE):
            raise InvalidRequestError(
                f"{function}(): file must be the result of client.files.upload(), not "
                f"{checks.short_repr(file)}. Pass an id as file_id="
            )
        file_id = getattr(file, "id")  # noqa: B009 - of any class of the message
    return checks.string(f"{function}(): file_id", file_id, empty=False)


def _prepared(source: ImageSource, options: ImageOptions) -> ImageUrlSource:
    # Imported on use, because programs that send only text do not need it.
    from xai_vision.imaging import prepare_image

    return prepare_image(source, **options)


def text(content: str) -> chat_pb2.Content:
    """Create a text part; equivalent to passing the string to ``user(...)``.

    Raises:
        InvalidRequestError: ``content`` is not a string, or contains a lone surrogate, which
            UTF-8 cannot encode.
    """
    return chat_pb2.Content(text=checks.string("text", content))


def file(
    file_id: str | files_pb2.File | None = None,
    *,
    data: bytes | None = None,
    url: str | None = None,
    filename: str | None = None,
    mime_type: str | None = None,
) -> chat_pb2.Content:
    """Create a file part from an uploaded file's id, from bytes or from a URL.

    Args:
        file_id: The id of an uploaded file, or the result of ``client.files.upload``.
        data: The file's content.
        url: A public URL that the service fetches.
        filename: The name the model sees; with ``data`` or ``url``.
        mime_type: The media type, such as "application/pdf"; with ``data`` or ``url``.

    Raises:
        InvalidRequestError: Not exactly one of the first three is passed, or one is empty.
    """
    passed = [
        name
        for name, value in (("file_id", file_id), ("data", data), ("url", url))
        if value is not None
    ]
    if len(passed) != 1:
        names = " and ".join(passed) or "none"
        raise InvalidRequestError(
            f"file() accepts exactly one of file_id, data and url; got {names}"
        )
    if is_proto(file_id, _FILE):
        file_id = _file_id("file", file_id, None)
    for name, value in (("file_id", file_id), ("url", url), ("filename", filename)):
        if value is not None:
            checks.string(f"file(): {name}", value, empty=False)
    checks.string("file(): mime_type", mime_type or "")
    if data is not None and not isinstance(data, bytes):
        raise InvalidRequestError(f"file(): data must be bytes, not {type(data).__name__}")
    if data is not None and not data:
        raise InvalidRequestError("file(data=…) is empty")
    if file_id is not None and (filename or mime_type):
        raise InvalidRequestError(
            "filename= and mime_type= describe data= or url=. An uploaded file has its own"
        )
    part = chat_pb2.FileContent(
        file_id=str(file_id or ""),
        data=data or b"",
        url=url or "",
        filename=filename or "",
        mime_type=mime_type or "",
    )
    return chat_pb2.Content(file=part)


def is_proto(value: object, full_name: str) -> TypeGuard[ProtoMessage]:
    """Return whether a value is a protobuf message of that name, ours or xai_sdk's."""
    descriptor = getattr(value, "DESCRIPTOR", None)
    return getattr(descriptor, "full_name", None) == full_name and not isinstance(value, type)


__all__ = ["Content", "ImageContent", "ImageDetail", "file", "image", "is_proto", "text"]
