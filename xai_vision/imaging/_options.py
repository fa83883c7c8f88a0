"""The options of ``prepare_image``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypedDict

from xai_vision.errors._base import InvalidRequestError
from xai_vision.errors._image import ImageTooLargeError
from xai_vision.imaging._limits import (
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SOURCE_BYTES,
    over_limit,
    positive_int,
    safe_repr,
)

OrientationOption: TypeAlias = Literal["apply", "ignore"]
"""Whether the orientation in an image's metadata applies."""

ModeOption: TypeAlias = Literal["RGB"]
"""The mode of the pixels to send."""

_CHOICES = {"orientation": ("apply", "ignore"), "mode": (None, "RGB")}


class ImageOptions(TypedDict, total=False):
    """The options of ``image()``, ``prepare_pages`` and ``prepare_image``, which documents them."""

    name: str | None
    """The image's name in messages. Default: its file's name."""
    convert: bool
    """Whether to convert formats other than JPEG and PNG instead of refusing them. Default True."""
    fit: bool
    """Whether to re-encode an image over the limit instead of refusing it. Default False."""
    max_side: int | None
    """Maximum length of the longest side in pixels; a larger image is resized."""
    max_bytes: int | None
    """Maximum size in bytes; a larger image is re-encoded."""
    limit: int
    """Size in bytes that the service accepts. Default 20 MiB."""
    max_pixels: int | None
    """Maximum number of pixels; more are treated as a decompression bomb."""
    strip_metadata: bool
    """Whether to remove EXIF (location, camera), XMP and comments. Default False."""
    verify: bool
    """Whether to decode the whole image to check it. Default False."""
    upright: bool
    """Whether to apply the orientation to the pixels of a JPEG or PNG too. Default False."""
    orientation: OrientationOption
    """Whether the orientation in the metadata applies: "apply" (default) or "ignore"."""
    mode: ModeOption | None
    """"RGB" to send 8-bit RGB: no CMYK, palette, transparency, grayscale or 16 bits."""


@dataclass(frozen=True)
class PrepareOptions:
    """The options of ``prepare_image``, which documents them."""

    convert: bool = True
    fit: bool = False
    max_side: int | None = None
    max_bytes: int | None = None
    limit: int = MAX_BYTES
    max_pixels: int | None = None
    strip_metadata: bool = False
    verify: bool = False
    upright: bool = False
    orientation: OrientationOption = "apply"
    mode: ModeOption | None = None

    def validated(self) -> PrepareOptions:
        """Validate the options and convert NumPy integers.

        Raises:
            InvalidRequestError: An option is invalid.
        """
        for name in ("convert", "fit", "strip_metadata", "verify", "upright"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise InvalidRequestError(f"{name} must be True or False, not {safe_repr(value)}.")
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if not (value is None or isinstance(value, str)) or value not in choices:
                expected = " or ".join(map(repr, choices))
                raise InvalidRequestError(f"{name} must be {expected}, not {safe_repr(value)}.")
        return replace(
            self,
            max_side=None if self.max_side is None else positive_int("max_side", self.max_side),
            max_bytes=None if self.max_bytes is None else positive_int("max_bytes", self.max_bytes),
            limit=positive_int("limit", self.limit),
            max_pixels=(
                None if self.max_pixels is None else positive_int("max_pixels", self.max_pixels)
            ),
        )

    @property
    def pixel_limit(self) -> int:
        """Maximum pixels of an image that is not decoded."""
        return self.max_pixels or MAX_PIXELS

    @property
    def ignores_orientation(self) -> bool:
        """Whether the orientation in the metadata does not apply."""
        return self.orientation == "ignore"

    @property
    def size_limit(self) -> int:
        """Maximum bytes of the image."""
        return min(self.limit, self.max_bytes or self.limit)

    @property
    def may_shrink(self) -> bool:
        """Whether the image may be re-encoded to make it smaller."""
        return self.fit or self.max_side is not None or self.max_bytes is not None

    def check_size(self, size: int) -> None:
        """Refuse an image over the limit unless it may shrink.

        Raises:
            ImageTooLargeError: The image is over the limit.
        """
        if size > self.size_limit and not self.may_shrink:
            raise ImageTooLargeError(
                over_limit(size, self.size_limit),
                size=size,
                limit=self.size_limit,
                remedy=HOW_TO_FIT,
            )

    def check_source(self, size: int) -> None:
        """Refuse a file that is too large to convert in memory.

        Raises:
            ImageTooLargeError: The file is over 512 MiB.
        """
        if size > MAX_SOURCE_BYTES:
            raise ImageTooLargeError(
                over_limit(size, MAX_SOURCE_BYTES),
                size=size,
                limit=MAX_SOURCE_BYTES,
                remedy="Reduce its size before passing it.",
            )


HOW_TO_FIT = (
    "Pass fit=True to image() or prepare_image() to re-encode it, or set max_side= or max_bytes=."
)
