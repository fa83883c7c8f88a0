"""Parts of a message: text, images, files."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeGuard, overload

from google.protobuf.message import Message as ProtoMessage

from xai_vision import _validation as checks
from xai_vision.chat._messages.image_content import ImageContent, ImageDetail, detail_to_proto
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging._image_url import ImageUrlSource
from xai_vision.proto import chat_pb2, image_pb2

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.imaging import ImageSource

Content = chat_pb2.Content


class ImageOptions(TypedDict, total=False):
    """What ``image()`` takes besides the image; ``prepare_image`` says what each does."""

    name: str | None
    """What to call the image in messages; its file's name by default."""
    convert: bool
    """Whether a format other than JPEG and PNG is converted. Default yes; if not, refused."""
    fit: bool
    """Whether an image over the limit is made smaller. Default no; then it is refused."""
    max_side: int | None
    """The most pixels on the longest side; a larger image is resized."""
    max_bytes: int | None
    """The most raw bytes; a larger image is made to fit."""
    limit: int
    """The most raw bytes the service takes. Default 20 MiB."""
    max_pixels: int
    """The most pixels before an image is taken for a decompression bomb."""
    strip_metadata: bool
    """Whether EXIF (place, camera), XMP and comments are taken out. Default no."""
    verify: bool
    """Whether the image is decoded, to see that all of it opens. Default no."""


@overload
def image(
    image_url: ImageSource, *, detail: ImageDetail | None = ..., **options: Unpack[ImageOptions]
) -> ImageContent: ...
@overload
def image(*, file_id: str, detail: ImageDetail | None = ...) -> chat_pb2.Content: ...
def image(
    image_url: ImageSource | None = None,
    *,
    detail: ImageDetail | None = "auto",
    file_id: str | None = None,
    **options: Unpack[ImageOptions],
) -> ImageContent | chat_pb2.Content:
    """Make an image part for ``user(...)``.

    Args:
        image_url: A web address (``https://…``: the service fetches it anew for every request),
            a data URL, base64, bytes, a ``pathlib.Path``, a binary file, a Pillow image, a NumPy
            array, or what ``prepare_image`` returns. A string is never opened as a file. A file
            behind a Path is read when a request is written, so it has to stay as it is as long
            as the conversation goes on; where it will not, give its bytes.
        detail: How closely the model looks: "low" costs the fewest tokens, "high" the most and
            keeps fine details; "auto" (the default, also for None) leaves it to the service.
        file_id: Instead of an image: the id of one uploaded before.
        **options: See ``ImageOptions``: converting, fitting, stripping, verifying.

    Returns:
        A part that reads like ``chat_pb2.Content``; one made of a ``file_id`` is one.

    Raises:
        ImageError: It is no image that the service would take; the text says the remedy.
        InvalidRequestError: ``detail`` is none of its three values, or an option makes no sense.

    Example:
        >>> from xai_vision.chat import image, user
        >>> message = user("What is this?", image("https://example.com/a.jpg", detail="low"))
    """
    number = detail_to_proto(detail)
    if file_id is not None:
        if image_url is not None or options:
            raise InvalidRequestError("image() takes an image or file_id=, not both")
        held = checks.string("image(): file_id", file_id, empty=False)
        uploaded = image_pb2.ImageUrlContent(file_id=held, detail=number)
        return chat_pb2.Content(image_url=uploaded)
    if image_url is None:
        raise InvalidRequestError("image() needs an image, or file_id=")
    return ImageContent(_prepared(image_url, options), number)


def _prepared(source: ImageSource, options: ImageOptions) -> ImageUrlSource:
    # Imported on use: programs that send only text need none of it.
    from xai_vision.imaging import prepare_image

    return prepare_image(source, **options)


def text(content: str) -> chat_pb2.Content:
    """Make a text part; the same as passing the string itself to ``user(...)``.

    Raises:
        InvalidRequestError: ``content`` is no string, or holds a lone surrogate, which UTF-8 (and
            so the wire) has no form for.
    """
    return chat_pb2.Content(text=checks.string("text", content))


def file(
    file_id: str | None = None,
    *,
    data: bytes | None = None,
    url: str | None = None,
    filename: str | None = None,
    mime_type: str | None = None,
) -> chat_pb2.Content:
    """Make a file part from exactly one of an uploaded file's id, its bytes or its URL.

    Args:
        file_id: The id of a file uploaded before.
        data: The file's content; needs ``filename``.
        url: A public address the service fetches it from.
        filename: The name the model sees; with ``data`` only.
        mime_type: The content's type, such as "application/pdf"; with ``data`` only.

    Raises:
        InvalidRequestError: None or more than one of the three is given, or ``data`` has no name.
    """
    given = [
        name
        for name, value in (("file_id", file_id), ("data", data), ("url", url))
        if value is not None
    ]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise InvalidRequestError(f"file() takes one of file_id, data and url; got {found}")
    for name, value in (("file_id", file_id), ("url", url), ("filename", filename)):
        if value is not None:
            checks.string(f"file(): {name}", value, empty=False)
    checks.string("file(): mime_type", mime_type or "")
    if data is not None and not isinstance(data, bytes):
        raise InvalidRequestError(f"file(): data must be bytes, not {type(data).__name__}")
    if data is not None and not data:
        raise InvalidRequestError("file(data=…) is empty")
    if data is not None and not filename:
        raise InvalidRequestError("file(data=…) needs filename=, which the model is told")
    if data is None and (filename or mime_type):
        raise InvalidRequestError(
            f"filename= and mime_type= describe data=; with {given[0]}= they come from the file"
        )
    part = chat_pb2.FileContent(
        file_id=file_id or "",
        data=data or b"",
        url=url or "",
        filename=filename or "",
        mime_type=mime_type or "",
    )
    return chat_pb2.Content(file=part)


def is_proto(value: object, full_name: str) -> TypeGuard[ProtoMessage]:
    """Whether ``value`` is a protobuf message of that name, ours or xai_sdk's."""
    descriptor = getattr(value, "DESCRIPTOR", None)
    return getattr(descriptor, "full_name", None) == full_name and not isinstance(value, type)


__all__ = ["Content", "ImageContent", "ImageDetail", "file", "image", "is_proto", "text"]
