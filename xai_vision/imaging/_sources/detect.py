"""Anything a program holds a picture in, told apart."""

from __future__ import annotations

import inspect
import io
import mmap
import os
import sys
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from xai_vision.errors._image import (
    ImageEmptyError,
    ImageReadError,
    ImageSourceError,
    ImageTooLargeError,
)
from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format
from xai_vision.imaging._image_url import ImageUrlSource
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, over_limit, shown
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.data import FileImageData, BytesImageData
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._sources.strings import decoded_head, resolve_string

_SUPPORTED = (
    "Pass an http(s) URL, a data URL, base64, bytes, pathlib.Path, a binary file, a Pillow image "
    "or a NumPy array."
)
_READ_STEP = 1024 * 1024


class SupportsRead(Protocol):
    """A file opened for reading bytes."""

    def read(self, length: int = ..., /) -> bytes:
        """Read that many bytes, fewer only at the end."""


class SupportsArray(Protocol):
    """A NumPy array, a Pillow image, or what else offers its pixels the same way."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Where and how the pixels lie in memory."""


ImageSource: TypeAlias = (
    "str | bytes | bytearray | memoryview | os.PathLike[str] | SupportsRead | SupportsArray"
    " | Picture"
)
"""What a picture is taken from."""


def resolve(source: object) -> ResolvedSource:
    """Tell what kind of source this is, and hold the picture it stands for.

    Raises:
        ImageSourceError: It is none that is taken.
        ImageReadError: Its file cannot be read.
    """
    if isinstance(source, str):
        return resolve_string(source)
    if isinstance(source, ImageUrlSource):
        return _from_url_source(source)
    if isinstance(source, os.PathLike):
        return _from_path(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(source)
    if isinstance(source, mmap.mmap):
        return _from_bytes(memoryview(source))
    if _is_pillow_image(source):
        return _from_image(source)
    if hasattr(source, "__array__") or hasattr(source, "__array_interface__"):
        return _from_array(source)
    if callable(getattr(source, "read", None)):
        return _from_file(source)
    try:
        view = memoryview(source)  # type: ignore[arg-type]  # array.array, ctypes, ...
    except TypeError:
        raise _not_taken(source) from None
    return _from_bytes(view)


def _not_taken(source: object) -> ImageSourceError:
    kind = type(source).__name__
    remedy = _SUPPORTED
    if source is None:
        remedy = "There is no picture in it; check where it comes from."
    elif isinstance(source, (list, tuple)):
        remedy = "Pass one picture at a time."
    elif inspect.isawaitable(source):
        remedy = "Await it first."
    elif hasattr(source, "content"):
        remedy = "Of a reply to an HTTP request, pass its .content."
    elif hasattr(source, "read_bytes"):
        remedy = "Pass its .read_bytes()."
    elif "url" in kind.lower():
        remedy = "Pass it as a str."
    return ImageSourceError(f"A {kind} is not taken as a picture.", remedy=remedy, source=kind)


def _from_url_source(picture: ImageUrlSource) -> ResolvedSource:
    if isinstance(picture, PreparedImage):
        return picture.found()
    return resolve_string(picture.url())


def _from_path(path: os.PathLike[Any]) -> ResolvedSource:
    try:
        text = os.fsdecode(path)
    except Exception as error:  # whatever the object's own __fspath__() raises
        raise ImageReadError(
            f"The {type(path).__name__} does not tell its path.",
            remedy="Pass pathlib.Path(...), or the bytes.",
            source=type(path).__name__,
        ) from error
    name = shown(os.path.basename(text) or text)  # noqa: PTH119 - the last part as it was written
    try:
        content = FileImageData(Path(text))
    except ImageReadError as error:
        error.source = name
        raise
    return ResolvedSource(name, content)


def _from_bytes(data: bytes | bytearray | memoryview) -> ResolvedSource:
    """Hold bytes as they are; what may change under us is copied."""
    if isinstance(data, bytearray) or (isinstance(data, memoryview) and not data.readonly):
        data = bytes(data)
    elif isinstance(data, memoryview):
        data = data.cast("B") if _is_immutable(data) else data.tobytes()
    head = bytes(data[: 2 * HEAD_BYTES])
    if sniff_format(head) is None and _is_base64_image(head):
        return resolve_string(bytes(data).decode("ascii", "replace"))
    return ResolvedSource("picture", BytesImageData(data))


def _is_immutable(view: memoryview) -> bool:
    """Whether what lies under a read-only view stays as it is."""
    whole = isinstance(view.obj, (bytes, mmap.mmap)) and view.c_contiguous
    return whole and view.nbytes > 0  # nothing cannot be cast


def _is_base64_image(head: bytes) -> bool:
    """Whether bytes are the base64 text of a picture, as base64.b64encode() returns it."""
    if head[:5].lower() == b"data:":
        return True
    return head.isascii() and sniff_format(decoded_head(head.decode("ascii"))) is not None


def _is_pillow_image(source: object) -> bool:
    module = sys.modules.get("PIL.Image")  # whoever holds such an image has imported it
    return module is not None and isinstance(source, module.Image)


def _from_image(image: Any) -> ResolvedSource:
    if 0 in image.size:
        raise ImageEmptyError(
            f"The image has {image.size[0]}x{image.size[1]} pixels.",
            remedy="Check how it was cut out.",
            source="Pillow image",
        )
    return ResolvedSource("Pillow image", image=image)


def _from_array(source: object) -> ResolvedSource:
    from xai_vision.imaging._pillow.arrays import from_array

    try:
        image, changes = from_array(source)
    except (ImageSourceError, ImageEmptyError) as error:
        error.source = "array"
        raise
    return ResolvedSource("array", image=image, changes=changes)


def _from_file(file: Any) -> ResolvedSource:
    name = _file_name(file)
    try:
        data = _read_rest(file)
    except (ImageSourceError, ImageEmptyError, ImageTooLargeError) as error:
        error.source = name
        raise
    except Exception as error:  # whatever the object's own read() raises
        closed = getattr(file, "closed", False) is True
        raise ImageReadError(
            "The file object is closed." if closed else "The file object could not be read.",
            remedy="Pass it while it is open, or pass pathlib.Path(...)." if closed else "",
            source=name,
        ) from error
    found = _from_bytes(data)
    return ResolvedSource(name, found.content, found.address, media_type=found.media_type, changes=found.changes)


def _file_name(file: Any) -> str:
    name = getattr(file, "name", None)
    if isinstance(name, str) and name:
        return shown(os.path.basename(name)) or "file object"  # noqa: PTH119
    return "file object"


def _read_rest(file: Any) -> bytes:
    """Read a file object from where it stands to its end."""
    untouched = isinstance(file, io.BytesIO) and file.tell() == 0
    data = file.getvalue() if untouched else _read_all(file)  # getvalue() does not copy
    if not data:
        raise ImageEmptyError(
            "The file object has nothing left to read.",
            remedy="If something was written to or read from it before, call .seek(0) first.",
        )
    return data


def _read_all(file: Any) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := _read_part(file, first=not parts):
        parts.append(part)
        size += len(part)
        if size > MAX_SOURCE_BYTES:
            raise ImageTooLargeError(
                over_limit(size, MAX_SOURCE_BYTES), size=None, limit=MAX_SOURCE_BYTES
            )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_part(file: Any, *, first: bool) -> bytes:
    """Read the next part; the whole at first of an object whose read() takes no length."""
    try:
        data = file.read(_READ_STEP)
    except TypeError:
        data = file.read() if first else b""
    if data is None:
        raise ImageSourceError("The file object is not ready to be read.", remedy=_SUPPORTED)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise _wrong_read(data)
    return bytes(data)


def _wrong_read(data: object) -> ImageSourceError:
    if isinstance(data, str):
        return ImageSourceError(
            "The file object gives text.", remedy="Open it as binary: open(path, 'rb')."
        )
    if inspect.iscoroutine(data):
        data.close()
    if inspect.isawaitable(data):
        return ImageSourceError(
            "The file object is read with await.", remedy="Pass its bytes: await file.read()."
        )
    return ImageSourceError(
        f"The file object gives {type(data).__name__} where bytes are meant.", remedy=_SUPPORTED
    )
