"""The result of preparing an image."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xai_vision.errors._image import ImageError, ImageReadError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._image_url import (
    BodyStore,
    ImageUrlSource,
    TextImageUrl,
    Write,
    describe_url,
)
from xai_vision.imaging._limits import human_size
from xai_vision.imaging._placed_image import PlacedImage
from xai_vision.imaging._placement import Placement
from xai_vision.imaging._sources.data import ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._tokens import Detail, TokenEstimate, estimate_tokens

if TYPE_CHECKING:
    from PIL.Image import Image


class PreparedImage(PlacedImage, ImageUrlSource):
    """An image that is ready to be sent, the result of ``prepare_image``. Immutable.

    It references its source (bytes, text, a path) and is encoded while a request is written. It can
    be pickled, copied and shared by threads.
    """

    __slots__ = (
        "_changes",
        "_data",
        "_detail",
        "_header",
        "_max_pixels",
        "_placement",
        "_source",
        "_url",
    )

    def __init__(
        self,
        source: str,
        *,
        data: ImageData | None = None,
        header: ImageHeader | None = None,
        url: str = "",
        changes: tuple[Change, ...] = (),
        detail: Detail = "auto",
        placement: Placement | None = None,
        max_pixels: int | None = None,
    ) -> None:
        """Store either data and header, or a URL."""
        self._source = source
        self._data = data
        self._header = header
        self._url = url
        self._changes = changes
        self._detail: Detail = detail
        self._placement = placement
        self._max_pixels = max_pixels

    # --- properties ---

    @property
    def source(self) -> str:
        """The image's name: the ``name`` argument, its file's name, or a kind ("data URL")."""
        return self._source

    @property
    def format(self) -> str | None:
        """The format, "JPEG" or "PNG"; None for a URL."""
        return self._header.format if self._header else None

    @property
    def media_type(self) -> str | None:
        """The media type, "image/jpeg" or "image/png"; None for a URL."""
        return self._header.media_type if self._header else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels with the EXIF orientation applied; None for a URL."""
        return self._header.size if self._header else None

    @property
    def width(self) -> int | None:
        """Width in pixels with the EXIF orientation applied; None for a URL."""
        return self._header.size[0] if self._header else None

    @property
    def height(self) -> int | None:
        """Height in pixels with the EXIF orientation applied; None for a URL."""
        return self._header.size[1] if self._header else None

    @property
    def orientation(self) -> int | None:
        """The EXIF orientation (or that of XMP), 1 to 8; 1 means upright. None for a URL."""
        return self._header.orientation if self._header else None

    @property
    def animated(self) -> bool:
        """Whether it is an animated PNG. All of it is sent; the model sees the first frame."""
        return bool(self._header and self._header.animated)

    @property
    def multi_image(self) -> bool:
        """Whether the file has more than one image: an animated PNG, or a JPEG with further images.

        All of it is sent; the model sees the first image.
        """
        return bool(self._header and self._header.multi_image)

    @property
    def size_bytes(self) -> int | None:
        """Size of the file in bytes, before base64; None for a URL."""
        return self._data.size if self._data else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes in order; empty if the image is sent unchanged."""
        return self._changes

    @property
    def lossless(self) -> bool:
        """Whether no change was lossy."""
        return not any(change.lossy for change in self._changes)

    @property
    def tokens(self) -> TokenEstimate:
        """The estimated tokens for the ``detail`` of ``prepare_image``."""
        return self.estimate(self._detail)

    def estimate(self, detail: Detail) -> TokenEstimate:
        """Estimate the tokens with a detail: "auto", "low" or "high"."""
        return estimate_tokens(self.width, self.height, detail)

    def describe(self) -> str:
        """Describe the image in a line: "photo.jpg (JPEG, 640x480, 1.2 MiB)"."""
        if self._data is None or self._header is None:
            return describe_url(self._url)
        width, height = self._header.size
        size = human_size(self._data.size)
        return f"{self._source} ({self._header.format}, {width}x{height}, {size})"

    def __repr__(self) -> str:
        return f"<PreparedImage {self.describe()}>"

    # --- data ---

    def read(self) -> bytes:
        """Return the bytes that are sent, before base64.

        Raises:
            ImageReadError: The image is a URL, or its file can no longer be read.
        """
        with self._named_errors():
            return self._require_data().read()

    def _repr_png_(self) -> bytes | None:
        """Return the image for notebooks, which call this method."""
        return self.read() if self.format == "PNG" else None

    def _repr_jpeg_(self) -> bytes | None:
        """Return the image for notebooks, which call this method."""
        return self.read() if self.format == "JPEG" else None

    def sha256(self) -> str:
        """Return the SHA-256 of ``read()`` in hexadecimal."""
        return hashlib.sha256(self.read()).hexdigest()

    def pil(self) -> Image:
        """Decode to a Pillow image with the EXIF orientation applied.

        Raises:
            ImageCorruptError: The image cannot be decoded.
            DecompressionBombError: The image has more pixels than ``max_pixels`` of
                ``prepare_image``, or by default more than 100 million.
        """
        from xai_vision.imaging._read import decode

        with self._named_errors():
            return decode(self.read(), max_pixels=self._max_pixels)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Add the image's name to errors."""
        try:
            yield
        except ImageError as error:
            error.source = self._source if self._data else self.describe()
            raise

    def _require_data(self) -> ImageData:
        if self._data is None:
            raise ImageReadError(
                "the image is a URL; its data is not available.",
                remedy="Download the image and pass its bytes.",
            )
        return self._data

    def resolved(self) -> ResolvedSource:
        """Return the image as a source, to prepare it again with other options."""
        return ResolvedSource(
            self._source,
            self._data,
            self._url,
            changes=list(self._changes),
            placement=self._placement,
        )

    def _placed(self) -> tuple[Placement, tuple[int, int]]:
        with self._named_errors():
            self._require_data()
        assert self._header is not None  # noqa: S101 - there is data
        assert self._placement is not None  # noqa: S101
        return self._placement, self._header.size

    def _like(self, source: ResolvedSource, data: ImageData, header: ImageHeader) -> PreparedImage:
        state = {"data": data, "header": header, "changes": tuple(source.changes)}
        return _restore(source.name, self._state() | state | {"placement": source.placement})

    # --- encoding ---

    @property
    def _prefix(self) -> str:
        return f"data:{self.media_type};base64,"

    @property
    def url_size(self) -> int:
        """The length of ``url()`` in UTF-8 bytes, without building it."""
        if self._data is None:
            return len(self._url.encode())
        return len(self._prefix) + self._data.base64_size

    def write_url(self, write: Write) -> None:
        """Pass the image_url's UTF-8 bytes to ``write`` in steps, ``url_size`` bytes in all.

        Raises:
            ImageReadError: The file cannot be read, or changed after it was prepared.
        """
        if self._data is None:
            TextImageUrl(self._url).write_url(write)
            return
        with self._named_errors():
            self._data.write_url(self._prefix.encode(), write)

    @property
    def in_memory(self) -> bool:
        """Whether the image's data is in memory, not in a file or at a URL."""
        return self._data is not None and self._data.in_memory

    def moved_to(self, store: BodyStore, start: int) -> PreparedImage:
        """Return the same image with its data in ``store``, where ``url()`` begins at ``start``.

        Returns the image itself if it is not ``in_memory``.
        """
        content = self._data
        if content is None or not content.in_memory:
            return self
        from xai_vision.imaging._sources.base64_data import BufferedImageData

        buffered = BufferedImageData(store, start + len(self._prefix), content.size)
        return _restore(self._source, self._state() | {"data": buffered})

    # --- copies ---

    def __copy__(self) -> PreparedImage:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> PreparedImage:
        return self

    def _state(self) -> dict[str, Any]:
        return {
            "data": self._data,
            "header": self._header,
            "url": self._url,
            "changes": self._changes,
            "detail": self._detail,
            "placement": self._placement,
            "max_pixels": self._max_pixels,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._source, self._state())


def _restore(source: str, state: dict[str, Any]) -> PreparedImage:
    return PreparedImage(source, **state)
