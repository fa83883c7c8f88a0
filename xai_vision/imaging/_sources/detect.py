"""Detection of the kind of an image source."""

from __future__ import annotations

import inspect
import mmap
import os
import sys
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from xai_vision.errors._image import (
    ImageEmptyError,
    ImageError,
    ImageReadError,
    ImageSourceError,
)
from xai_vision.imaging._formats.sniff import HEAD_BYTES, sniff_format
from xai_vision.imaging._image_url import ImageUrlSource
from xai_vision.imaging._limits import printable
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.base64_text import decoded_head
from xai_vision.imaging._sources.data import BytesImageData, FileImageData
from xai_vision.imaging._sources.file_objects import file_name, read_file
from xai_vision.imaging._sources.resolved import SUPPORTED_SOURCES, ResolvedSource
from xai_vision.imaging._sources.slips import is_encoded_image
from xai_vision.imaging._sources.strings import resolve_string


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
    remedy = SUPPORTED_SOURCES
    if source is None:
        remedy = "The value is not an image; check its source."
    elif _is_result_of_opencv(source):
        remedy = "OpenCV returned (ok, array): pass the array, after checking ok."
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


def _is_result_of_opencv(source: object) -> bool:
    """Return whether an object is the (ok, array) of cv2.imencode() or VideoCapture.read()."""
    if not isinstance(source, tuple) or len(source) != 2:
        return False
    ok, array = source
    return type(ok).__name__ in ("bool", "bool_") and hasattr(array, "__array_interface__")


def _from_url_source(image: ImageUrlSource) -> ResolvedSource:
    if isinstance(image, PreparedImage):
        return image.resolved()
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
        error.remedy = _path_remedy(text) or error.remedy
        raise
    return ResolvedSource(name, content)


def _path_remedy(path: str) -> str:
    """Return the remedy for a path that is not one; "" if there is nothing special about it."""
    start = path[:8].lower()
    if start.startswith("~"):
        return "Expand the ~ by calling the path's .expanduser()."
    if start.startswith(("http:", "https:")):
        return "Pass a URL as a str, not as a path."
    if start.startswith("file:"):
        return "Pass the path without 'file://'."
    if start.startswith("data:") or sniff_format(decoded_head(path)) is not None:
        return "Pass a data URL or base64 as a str, not as a path."
    return ""


def _from_bytes(data: bytes | bytearray | memoryview) -> ResolvedSource:
    """Use bytes without a copy; copy buffers that can change."""
    if isinstance(data, bytearray) or (isinstance(data, memoryview) and not data.readonly):
        data = bytes(data)
    elif isinstance(data, memoryview):
        data = data.cast("B") if _is_immutable(data) else data.tobytes()
    head = bytes(data[: 2 * HEAD_BYTES])
    if sniff_format(head) is None and _is_text_of_image(head):
        return resolve_string(bytes(data).decode("ascii", "replace"))
    return ResolvedSource("image", BytesImageData(data))


def _is_immutable(view: memoryview) -> bool:
    """Return whether the memory under a read-only view cannot change."""
    is_complete = isinstance(view.obj, (bytes, mmap.mmap)) and view.c_contiguous
    return is_complete and view.nbytes > 0  # an empty view cannot be cast


def _is_text_of_image(head: bytes) -> bool:
    """Return whether bytes are an image as text, as base64.b64encode() returns it.

    Text that was encoded twice counts too, because it has its own error.
    """
    return is_encoded_image(head) or (
        head.isascii() and is_encoded_image(decoded_head(head.decode("ascii")))
    )


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
    from xai_vision.imaging._pillow.arrays import encoded_file, from_array, to_array

    try:
        array = to_array(source)
        file = encoded_file(array)
        if file is not None:
            return ResolvedSource("array", BytesImageData(file))
        image, changes = from_array(array)
    except (ImageSourceError, ImageEmptyError) as error:
        error.source = "array"
        raise
    return ResolvedSource("array", image=image, changes=changes)


def _from_file(file: Any) -> ResolvedSource:
    name = file_name(file)
    try:
        data = read_file(file)
    except ImageError as error:
        error.source = name
        raise
    resolved = _from_bytes(data)
    resolved.name = name
    return resolved
