"""A picture that was looked at and is ready to be sent."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xai_vision.errors._image import ImageError, ImageReadError
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._image_url import STEP, ImageUrlSource, Store, Write, describe_url
from xai_vision.imaging._limits import human_size
from xai_vision.imaging._sources.data import ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._tokens import Detail, TokenEstimate, estimate_tokens

if TYPE_CHECKING:
    from PIL.Image import Image


class PreparedImage(ImageUrlSource):
    """A picture ready to be sent; made by ``prepare_image``. Never changes.

    It holds what it was made from (bytes, text, a path) and is encoded while a request is written.
    It can be pickled, copied and used from several threads at once.
    """

    __slots__ = ("_address", "_changes", "_content", "_detail", "_header", "_source")

    _address: str
    _changes: tuple[Change, ...]
    _content: ImageData | None
    _detail: Detail
    _header: ImageHeader | None
    _source: str

    def __init__(
        self,
        source: str,
        *,
        content: ImageData | None = None,
        header: ImageHeader | None = None,
        address: str = "",
        changes: tuple[Change, ...] = (),
        detail: Detail = "auto",
    ) -> None:
        """Hold either the content and its header, or a web address."""
        self._source = source
        self._content = content
        self._header = header
        self._address = address
        self._changes = changes
        self._detail = detail

    # --- what it is ---

    @property
    def source(self) -> str:
        """Which picture it is: the name given, its file's name, or a word like "data URL"."""
        return self._source

    @property
    def format(self) -> str | None:
        """Either "JPEG" or "PNG"; None of a picture at a web address."""
        return self._header.format if self._header else None

    @property
    def media_type(self) -> str | None:
        """Either "image/jpeg" or "image/png"; None of a picture at a web address."""
        return self._header.media_type if self._header else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels as people see it, its orientation obeyed."""
        return self._header.size if self._header else None

    @property
    def width(self) -> int | None:
        """Pixels across, its orientation obeyed; None of a picture at a web address."""
        return self._header.size[0] if self._header else None

    @property
    def height(self) -> int | None:
        """Pixels down, its orientation obeyed; None of a picture at a web address."""
        return self._header.size[1] if self._header else None

    @property
    def orientation(self) -> int | None:
        """The orientation in the file's EXIF, or else its XMP: 1 to 8, where 1 is upright."""
        return self._header.orientation if self._header else None

    @property
    def animated(self) -> bool:
        """Whether it is an animated PNG, or a JPEG with further pictures behind the first (MPO).

        It is sent whole; what is seen is its first picture.
        """
        return bool(self._header and self._header.animated)

    @property
    def size_bytes(self) -> int | None:
        """Raw bytes of the file; None of a picture at a web address."""
        return self._content.size if self._content else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was done to it, in order; empty if it is sent as it was given."""
        return self._changes

    @property
    def lossless(self) -> bool:
        """Whether nothing was lost by what was done to it."""
        return not any(change.lossy for change in self._changes)

    @property
    def tokens(self) -> TokenEstimate:
        """What it may cost, for the detail it was prepared with; see ``estimate_tokens``."""
        return self.estimate(self._detail)

    def estimate(self, detail: Detail) -> TokenEstimate:
        """What it may cost with another detail: "auto", "low" or "high"."""
        return estimate_tokens(self.width, self.height, detail)

    def describe(self) -> str:
        """Which picture this is, for people: "photo.jpg (JPEG, 640x480, 1.2 MiB)"."""
        if self._content is None or self._header is None:
            return describe_url(self._address)
        width, height = self._header.size
        size = human_size(self._content.size)
        return f"{self._source} ({self._header.format}, {width}x{height}, {size})"

    def __repr__(self) -> str:
        return f"<PreparedImage {self.describe()}>"

    # --- what is in it ---

    def read(self) -> bytes:
        """The file that is sent, as raw bytes.

        Raises:
            ImageReadError: It is at a web address, or its file cannot be read any more.
        """
        with self._named():
            return self._here().read()

    def sha256(self) -> str:
        """The SHA-256 of ``read()``, in hexadecimal."""
        return hashlib.sha256(self.read()).hexdigest()

    def pil(self) -> Image:
        """The picture as a Pillow image, decoded and turned upright.

        Raises:
            ImageCorruptError: It does not open.
        """
        from xai_vision.imaging._formats.parse import decode

        with self._named():
            return decode(self.read(), max_pixels=sys.maxsize)  # it was checked before

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say in errors which picture they are about."""
        try:
            yield
        except ImageError as error:
            error.source = self._source if self._content else self.describe()
            raise

    def _here(self) -> ImageData:
        if self._content is None:
            raise ImageReadError(
                "It is at a web address; its data is not here.",
                remedy="Download it and pass its bytes.",
            )
        return self._content

    def found(self) -> ResolvedSource:
        """The picture as a source, to prepare it once more in another way."""
        return ResolvedSource(self._source, self._content, self._address, changes=list(self._changes))

    # --- how it is sent ---

    @property
    def _prefix(self) -> str:
        return f"data:{self.media_type};base64,"

    @property
    def url_size(self) -> int:
        """How many bytes ``url()`` takes in UTF-8, without making it."""
        if self._content is None:
            return len(self._address.encode())
        return len(self._prefix) + self._content.base64_size

    def write_url(self, write: Write) -> None:
        """Hand the image_url's UTF-8 bytes to ``write``, in steps, ``url_size`` in all.

        Raises:
            ImageReadError: Its file cannot be read, or changed after it was prepared.
        """
        if self._content is None:
            text = self._address.encode()
            for start in range(0, len(text), STEP):
                write(text[start : start + STEP])
            return
        with self._named():
            self._content.write_url(self._prefix.encode(), write)

    @property
    def in_memory(self) -> bool:
        """Whether it holds its data: not if it is at a web address or in a file."""
        return self._content is not None and self._content.in_memory

    def stored(self, store: Store, start: int) -> PreparedImage:
        """The same picture, its data held by ``store``, where its ``url()`` begins at ``start``.

        Itself, if it is not ``in_memory``.
        """
        content = self._content
        if content is None or not content.in_memory:
            return self
        from xai_vision.imaging._sources.base64_data import BufferedImageData

        held = BufferedImageData(store, start + len(self._prefix), content.size)
        return _restore(self._source, self._state() | {"content": held})

    # --- copies ---

    def __copy__(self) -> PreparedImage:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> PreparedImage:
        return self

    def _state(self) -> dict[str, Any]:
        return {
            "content": self._content,
            "header": self._header,
            "address": self._address,
            "changes": self._changes,
            "detail": self._detail,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._source, self._state())


def _restore(source: str, state: dict[str, Any]) -> PreparedImage:
    return PreparedImage(source, **state)
