"""How a picture is to be prepared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xai_vision.errors._base import InvalidRequestError
from xai_vision.errors._image import ImageTooLargeError
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, over_limit, quoted, whole_number


@dataclass(frozen=True)
class PrepareOptions:
    """What the caller of ``prepare_image`` asked for; its arguments' meaning is told there."""

    convert: bool
    fit: bool
    max_side: int | None
    max_bytes: int | None
    limit: int
    max_pixels: int
    strip_metadata: bool
    verify: bool

    def checked(self) -> PrepareOptions:
        """The same with Python's own numbers.

        Raises:
            InvalidRequestError: A number is none, or not above 0; a switch is not True or False.
        """
        for name in ("convert", "fit", "strip_metadata", "verify"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise InvalidRequestError(f"{name} has to be True or False, not {quoted(value)}.")
        return replace(
            self,
            max_side=None if self.max_side is None else whole_number("max_side", self.max_side),
            max_bytes=None if self.max_bytes is None else whole_number("max_bytes", self.max_bytes),
            limit=whole_number("limit", self.limit),
            max_pixels=whole_number("max_pixels", self.max_pixels),
        )

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
