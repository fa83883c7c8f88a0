"""Describe an upload: its name and expiry, and its content as the messages of a request."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision._transport.request_stream import Messages, RequestSource
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import files_pb2
from xai_vision.proto._wire_format import length_prefix
from xai_vision.services._files.progress import reporter
from xai_vision.services._files.upload_content import Read, upload_content

CHUNK_BYTES: Final = 3 * 1024 * 1024
"""The size of a data message, as in xai_sdk. The service accepts up to 5 MB."""
MAX_FILE_BYTES: Final = 512 * 1024 * 1024
"""The service's limit of a file: 512 MB, according to its public protos."""

_MAX_NAME: Final = 255
_FORBIDDEN: Final = '";\\'
_EXPIRY: Final = (3600, 30 * 24 * 3600)
_DATA: Final = files_pb2.UploadFileChunk.DESCRIPTOR.fields_by_name["data"].number
_PREFIX_BYTES: Final = len(length_prefix(_DATA, CHUNK_BYTES))
_PART_BYTES: Final = 256 * 1024


@dataclass
class Upload:
    """A checked upload.

    Attributes:
        name: The file's name.
        total: The number of bytes; None if the object cannot tell.
        source: The content, as the messages of a request.
    """

    name: str
    total: int | None
    source: RequestSource


def open_upload(
    file: Any,
    filename: str | None = None,
    expires_after: int | timedelta | None = None,
    on_progress: Any = None,
) -> Upload:
    """Check what ``upload()`` gets.

    Args:
        file: A path, bytes, a file object in binary mode or a prepared image.
        filename: The name for the service; by default that of the path or object.
        expires_after: Seconds or a timedelta until the file expires.
        on_progress: The caller's callback; see ``ProgressCallback``.

    Raises:
        OSError: The path does not exist, or the file cannot be read.
        InvalidRequestError: An argument is invalid, or a name is missing.
    """
    content = upload_content(file)
    name = _file_name(content.name if filename is None else filename)
    if content.total is not None and content.total > MAX_FILE_BYTES:
        raise InvalidRequestError(
            f"upload(): {checks.short_repr(name)} has {content.total:,} bytes; the service accepts "
            f"at most {MAX_FILE_BYTES:,} (512 MiB). Upload it in parts"
        )
    init = files_pb2.UploadFileInit(name=name, expires_after=expiry_seconds(expires_after))
    head = files_pb2.UploadFileChunk(init=init).SerializeToString()

    def messages() -> Messages:
        yield head, 0
        # One buffer for all messages keeps the memory small and from fragmenting. The fields are
        # written here, because a proto would hold further copies of them.
        limit = CHUNK_BYTES if content.total is None else min(CHUNK_BYTES, content.total + 1)
        buffer = memoryview(bytearray(_PREFIX_BYTES + limit))
        with content.open() as read:
            while size := _fill(buffer[_PREFIX_BYTES:], read):
                prefix = length_prefix(_DATA, size)
                start = _PREFIX_BYTES - len(prefix)
                buffer[start:_PREFIX_BYTES] = prefix
                yield buffer[start : _PREFIX_BYTES + size], size

    source = RequestSource(
        messages,
        repeatable=lambda: content.repeatable,
        on_taken=reporter(on_progress, content.total),
    )
    return Upload(name, content.total, source)


def _fill(buffer: memoryview, read: Read) -> int:
    """Read until a buffer is full, as ``read`` may return less; return the number of bytes."""
    size = 0
    while size < len(buffer) and (part := read(min(_PART_BYTES, len(buffer) - size))):
        buffer[size : size + len(part)] = part
        size += len(part)
    return size


def _file_name(name: Any) -> str:
    if name is None:
        raise InvalidRequestError("upload(): filename is missing. Pass filename='photo.jpg'")
    checks.string("upload(): filename", name, empty=False)
    problem = ""
    if len(name) > _MAX_NAME:
        problem = f"has {len(name)} characters; the service accepts at most {_MAX_NAME}"
    for character in name:
        # Control characters, and Unicode's line and paragraph separators.
        if character in _FORBIDDEN or unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            problem = f"contains {character!r}, which the service does not accept"
            break
    if problem:
        raise InvalidRequestError(
            f"upload(): filename {checks.short_repr(name)} {problem}. Pass another filename="
        )
    return str(name)


def expiry_seconds(expires_after: Any) -> int | None:
    """Return the seconds until a file or a public URL expires, or None.

    Raises:
        InvalidRequestError: Not an integer or timedelta from an hour to 30 days.
    """
    if expires_after is None:
        return None
    if isinstance(expires_after, timedelta):
        expires_after = int(expires_after.total_seconds())
    minimum, maximum = _EXPIRY
    try:
        return checks.integer("expires_after", expires_after, minimum, maximum)
    except InvalidRequestError as error:
        raise InvalidRequestError(
            f"{error}. It is in seconds, from an hour to 30 days; a timedelta is accepted too"
        ) from None
