"""The properties of images that are passed on, which are decoded only if a test looks at them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xai_vision.errors._image import ImageError
from xai_vision.imaging._formats.parse import parse_header
from xai_vision.imaging._sources.data import BytesImageData
from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._rules.image_similarity import SIDE
from xai_vision.testing._service.image_inspection import ImageInfo, ImageInspector, detect_format

if TYPE_CHECKING:
    from xai_vision.testing._calls.images import ImageCache
    from xai_vision.testing._settings import Settings


class LazyImageInfo(ImageInfo):
    """The properties of an image's bytes; ``colors`` and ``thumbnail`` are computed on first use.

    An image that cannot be decoded then has no colors and a black thumbnail.

    Args:
        data: The bytes of the file.
        format_: The name of the format.
        size: The stored width and height.
        decode: A function that returns all properties of the image with a SHA-256. It raises a
            LookupError if the image is not stored any more, or a ServiceError.
    """

    def __init__(
        self, data: bytes, format_: str, size: tuple[int, int], decode: Callable[[str], ImageInfo]
    ) -> None:
        digest = hashlib.sha256(data).hexdigest()
        values = {"sha256": digest, "size": len(data), "format": format_, "_decode": decode}
        for name, value in {**values, "width": size[0], "height": size[1]}.items():
            # The class is frozen, and its own method would set all fields.
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Only called for attributes that are not set.
        if name not in ("colors", "thumbnail"):
            raise AttributeError(name)
        try:
            info = self._decode(self.sha256)
            colors, thumbnail = info.colors, info.thumbnail
        except (LookupError, ServiceError):
            colors, thumbnail = (), bytes(SIDE * SIDE * 3)
        object.__setattr__(self, "colors", colors)
        object.__setattr__(self, "thumbnail", thumbnail)
        return getattr(self, name)

    def resolved(self) -> ImageInfo:
        """Return the properties as a plain ``ImageInfo``."""
        return ImageInfo(
            self.sha256,
            self.size,
            self.format,
            self.width,
            self.height,
            self.colors,
            self.thumbnail,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the properties as values that JSON can represent."""
        return self.resolved().to_json()

    def __eq__(self, other: object) -> bool:
        return self.sha256 == other.sha256 if isinstance(other, ImageInfo) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Any, ...]:
        resolved = self.resolved()
        return ImageInfo, tuple(vars(resolved).values())


def inspect_header(
    data: bytes, settings: Settings, inspector: ImageInspector, cache: ImageCache
) -> ImageInfo:
    """Return the properties of an image, and decode it as late as possible.

    Args:
        data: The bytes of the file.
        settings: The settings with the accepted formats and sizes.
        inspector: Decodes the image.
        cache: Has the bytes of the image when it is decoded.

    Raises:
        ServiceError: The data is not an image, or its header is not valid.
    """
    format_ = detect_format(data)
    try:
        with BytesImageData(data).open() as reader:
            header = parse_header(reader, format_)
    except ImageError as error:
        raise invalid_argument(f"Invalid {format_} image: {error}.") from None
    if header is None:
        return inspector.inspect(data, "", settings)

    def decode(sha256: str) -> ImageInfo:
        stored = cache.get(sha256)
        if stored is None:
            raise LookupError(sha256)
        return inspector.inspect(stored, "", settings)

    return LazyImageInfo(data, format_, (header.width, header.height), decode)
