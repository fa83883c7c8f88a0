"""The images of calls, and the cache that stores their bytes."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from xai_vision.testing._service.image_inspection import ImageInfo

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageCache:
    """The bytes of images by SHA-256, each stored once. Beyond a limit the oldest are dropped.

    Args:
        max_bytes: The maximum size of all images.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._images: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, sha256: str, data: bytes) -> None:
        """Store an image."""
        with self._lock:
            if sha256 in self._images:
                self._images.move_to_end(sha256)
                return
            self._images[sha256] = data
            self._size += len(data)
            self._drop_oldest()

    def set_max_bytes(self, max_bytes: int) -> None:
        """Change the maximum size."""
        with self._lock:
            self._max_bytes = max_bytes
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        while self._size > self._max_bytes:
            self._size -= len(self._images.popitem(last=False)[1])

    def get(self, sha256: str) -> bytes | None:
        """Return the bytes of an image, or None if they are not stored."""
        return self._images.get(sha256)

    def clear(self) -> None:
        """Drop all images."""
        with self._lock:
            self._images.clear()
            self._size = 0


@dataclass(frozen=True, repr=False, slots=True)
class CallImage:
    """An image in the request of a call.

    Images are equal if their bytes and all attributes are equal.

    Attributes:
        facts: The properties of the image's bytes.
        detail: "auto", "low" or "high".
        source: "data" for a data URL, otherwise the URL or the file id.
        declared_media_type: The MIME type in the data URL, or "".
        tokens: The number of image tokens.
        turn: The index of the message in the conversation. Earlier turns, which
            ``previous_response_id`` refers to, are included.
        earlier: Whether the image belongs to an earlier request that this one continues.
    """

    facts: ImageInfo
    _cache: ImageCache = field(compare=False)
    detail: str
    source: str
    declared_media_type: str
    tokens: int
    turn: int
    earlier: bool = False

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file's bytes, in hex."""
        return self.facts.sha256

    @property
    def size(self) -> int:
        """The size of the file in bytes, before base64."""
        return self.facts.size

    @property
    def format(self) -> str:
        """The format of the file, "JPEG" or "PNG"."""
        return self.facts.format

    @property
    def width(self) -> int:
        """The stored width in pixels, without the EXIF orientation applied."""
        return self.facts.width

    @property
    def height(self) -> int:
        """The stored height in pixels, without the EXIF orientation applied."""
        return self.facts.height

    @property
    def colors(self) -> tuple[str, ...]:
        """The names of the main colors, the most frequent first."""
        return self.facts.colors

    @property
    def data(self) -> bytes:
        """The bytes of the file.

        Raises:
            LookupError: The log has not stored the bytes, or has dropped them. The settings
                ``keep_image_bytes`` and ``keep_log_bytes`` set the limits.
        """
        data = self._cache.get(self.sha256)
        if data is None:
            raise LookupError(f"the log does not have the bytes of this image: {self!r}")
        return data

    def pil(self) -> Image:
        """Open the image with Pillow.

        Raises:
            LookupError: The log has not stored the bytes, or has dropped them.
        """
        from PIL import Image

        return Image.open(io.BytesIO(self.data))

    def continued(self, turn: int) -> CallImage:
        """Return this image as part of a later request that continues the conversation.

        Args:
            turn: The index of the message in the continued conversation.
        """
        return replace(self, turn=turn, earlier=True)

    def __reduce__(self) -> tuple[Any, ...]:
        # The pickle contains the bytes of this image only, not those of the whole cache.
        data = self._cache.get(self.sha256)
        values = [getattr(self, item.name) for item in fields(self)[2:]]
        return _restore, (self.facts, data, values)

    def __repr__(self) -> str:
        return (
            f"<{self.format} {self.width}x{self.height}, {self.size} bytes, "
            f"detail {self.detail}, sha256 {self.sha256[:12]}>"
        )


def _restore(facts: ImageInfo, data: bytes | None, values: list[Any]) -> CallImage:
    """Restore a pickled or copied image with a cache of its own."""
    cache = ImageCache(facts.size)
    if data is not None:
        cache.put(facts.sha256, data)
    return CallImage(facts, cache, *values)
