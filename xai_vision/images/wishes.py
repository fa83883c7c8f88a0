"""How a picture is to be prepared."""

from __future__ import annotations

from dataclasses import dataclass

from xai_vision.errors.base import InvalidRequestError
from xai_vision.errors.image import ImageTooLargeError
from xai_vision.images.limits import MAX_SOURCE_BYTES, over_limit


@dataclass(frozen=True)
class Wishes:
    """What the caller of ``prepare_image`` asked for; its arguments' meaning is told there."""

    convert: bool
    fit: bool
    max_side: int | None
    max_bytes: int | None
    limit: int
    max_pixels: int
    strip_metadata: bool
    verify: bool

    def check(self) -> None:
        """Refuse options that make no sense.

        Raises:
            InvalidRequestError: A number is none, or not above 0.
        """
        for name in ("max_side", "max_bytes", "limit", "max_pixels"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise InvalidRequestError(f"{name} has to be a whole number above 0.")

    @property
    def most(self) -> int:
        """The bytes the picture may take."""
        return min(self.limit, self.max_bytes or self.limit)

    @property
    def smaller(self) -> bool:
        """Whether the picture may be made smaller."""
        return self.fit or self.max_side is not None or self.max_bytes is not None

    def check_size(self, size: int) -> None:
        """Refuse a picture over the limit that may not be made smaller.

        Raises:
            ImageTooLargeError: It is.
        """
        if size > self.most and not self.smaller:
            raise ImageTooLargeError(
                over_limit(size, self.most), size=size, limit=self.most, remedy=HOW_TO_FIT
            )

    def check_source(self, size: int) -> None:
        """Refuse a file that would take too much memory to convert.

        Raises:
            ImageTooLargeError: It is over 512 MiB.
        """
        if size > MAX_SOURCE_BYTES:
            raise ImageTooLargeError(
                over_limit(size, MAX_SOURCE_BYTES),
                size=size,
                limit=MAX_SOURCE_BYTES,
                remedy="Make it smaller before it is passed.",
            )


HOW_TO_FIT = (
    "Pass fit=True to image() or prepare_image() to have it made smaller, or max_side= or "
    "max_bytes= to say how small."
)
