"""Detection of the kind of an image source."""

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
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, over_limit, printable
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.base64_text import decoded_head
from xai_vision.imaging._sources.data import BytesImageData, FileImageData
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._sources.strings import resolve_string

_SUPPORTED = (
    "Pass an http(s) URL, a data URL, base64, bytes, pathlib.Path, a binary file, a Pillow image "
    "or a NumPy array."
)
_READ_STEP = 1024 * 1024


class SupportsRead(Protocol):
    """A file opened in binary mode."""

    def read(self, length: int = ..., /) -> bytes:
        """Read up to ``length`` bytes."""
        ...


class SupportsArray(Protocol):
    """A NumPy array, a Pillow image, or another object with the array interface."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The layout of the pixels in memory."""
        ...


BytesLike: TypeAlias = bytes | bytearray | memoryview
ImageSource: TypeAlias = (
    str | BytesLike | os.PathLike[str] | SupportsRead | SupportsArray | ImageUrlSource
)
"""The accepted sources of an image."""


def resolve(source: object) -> ResolvedSource:
    """Detect the kind of a source and resolve it.

    Raises:
        ImageSourceError: The source is not supported.
        ImageReadError: The file cannot be read.
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
        view = memoryview(source)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # array.array, ctypes, ...
    except TypeError:
        raise _unsupported_type(source) from None
    return _from_bytes(view)


def _unsupported_type(source: object) -> ImageSourceError:
    kind = type(source).__name__
    remedy = _SUPPORTED
    if source is None:
        remedy = "The value is not an image; check its source."
    elif isinstance(source, (list, tuple)):
        remedy = "Pass one image at a time."
    elif inspect.isawaitable(source):
        remedy = "Await it first."
    elif hasattr(source, "content"):
        remedy = "Pass the .content of the HTTP response."
    elif hasattr(source, "read_bytes"):
        remedy = "Pass its .read_bytes()."
    elif "url" in kind.lower():
        remedy = "Pass it as a str."
    return ImageSourceError(f"a {kind} is not supported as an image.", remedy=remedy, source=kind)


def _from_url_source(image: ImageUrlSource) -> ResolvedSource:
    if isinstance(image, PreparedImage):
        return image.to_source()
    return resolve_string(image.url())


def _from_path(path: os.PathLike[Any]) -> ResolvedSource:
    try:
        text = os.fsdecode(path)
    except Exception as error:  # whatever the object's own __fspath__() raises
        raise ImageReadError(
            f"the {type(path).__name__} has no valid path.",
            remedy="Pass pathlib.Path(...), or the bytes.",
            source=type(path).__name__,
        ) from error
    name = printable(os.path.basename(text) or text)  # noqa: PTH119 - the last part as it was written
    try:
        content = FileImageData(Path(text))
    except ImageReadError as error:
        error.source = name
        raise
    return ResolvedSource(name, content)


def _from_bytes(data: bytes | bytearray | memoryview) -> ResolvedSource:
    """Use bytes without a copy; copy buffers that can change."""
    if isinstance(data, bytearray) or (isinstance(data, memoryview) and not data.readonly):
        data = bytes(data)
    elif isinstance(data, memoryview):
        data = data.cast("B") if _is_immutable(data) else data.tobytes()
    head = bytes(data[: 2 * HEAD_BYTES])
    if sniff_format(head) is None and _is_base64_image(head):
        return resolve_string(bytes(data).decode("ascii", "replace"))
    return ResolvedSource("image", BytesImageData(data))


def _is_immutable(view: memoryview) -> bool:
    """Return whether the memory under a read-only view cannot change."""
    is_complete = isinstance(view.obj, (bytes, mmap.mmap)) and view.c_contiguous
    return is_complete and view.nbytes > 0  # an empty view cannot be cast


def _is_base64_image(head: bytes) -> bool:
    """Return whether bytes are base64 text of an image, as base64.b64encode() returns it."""
    if head[:5].lower() == b"data:":
        return True
    return head.isascii() and sniff_format(decoded_head(head.decode("ascii"))) is not None


def _is_pillow_image(source: object) -> bool:
    module = sys.modules.get("PIL.Image")  # a Pillow image exists only if PIL.Image was imported
    return module is not None and isinstance(source, module.Image)


def _from_image(image: Any) -> ResolvedSource:
    if 0 in image.size:
        raise ImageEmptyError(
            f"the image has no pixels: its size is {image.size[0]}x{image.size[1]}.",
            remedy="Check the crop.",
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
            "the file object is closed." if closed else "the file object could not be read.",
            remedy="Pass it while it is open, or pass pathlib.Path(...)." if closed else "",
            source=name,
        ) from error
    resolved = _from_bytes(data)
    resolved.name = name
    return resolved


def _file_name(file: Any) -> str:
    name = getattr(file, "name", None)
    if isinstance(name, str) and name:
        return printable(os.path.basename(name)) or "file object"  # noqa: PTH119
    return "file object"


def _read_rest(file: Any) -> bytes:
    """Read a file object from its position to its end."""
    untouched = isinstance(file, io.BytesIO) and file.tell() == 0
    data = file.getvalue() if untouched else _read_all(file)  # getvalue() does not copy
    if not data:
        raise ImageEmptyError(
            "the file object has no data left to read.",
            remedy="Call .seek(0) if it was written or read before.",
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
    """Read the next part; all at once if read() does not accept a length."""
    try:
        data = file.read(_READ_STEP)
    except TypeError:
        data = file.read() if first else b""
    if data is None:
        raise ImageSourceError("the file object is not ready to be read.", remedy=_SUPPORTED)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise _not_bytes(data)
    return bytes(data)


def _not_bytes(data: object) -> ImageSourceError:
    if isinstance(data, str):
        return ImageSourceError(
            "the file object returns text.", remedy="Open it in binary mode: open(path, 'rb')."
        )
    if inspect.iscoroutine(data):
        data.close()
    if inspect.isawaitable(data):
        return ImageSourceError(
            "the file object is asynchronous.", remedy="Pass its bytes: await file.read()."
        )
    return ImageSourceError(
        f"the file object returns {type(data).__name__} instead of bytes.", remedy=_SUPPORTED
    )
