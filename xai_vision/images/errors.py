"""What can be wrong with a picture, each with its own class.

::

    ImageError                   (xai_vision.errors) .source .reason .remedy
    ├─ ImageSourceError          this kind of thing is not taken as a picture
    ├─ ImageReadError            its file could not be read, or changed since it was prepared
    ├─ ImageBase64Error          its base64 text is broken
    ├─ ImageEmptyError           no bytes, or no pixels
    ├─ NotAnImageError           the bytes are not a picture
    ├─ ImageFormatError          a picture of a kind that is not taken
    ├─ ImageCorruptError         a picture that does not open
    │  └─ ImageTruncatedError    ... because its end is missing
    ├─ ImageBombError            more pixels than anybody should decode
    └─ ImageTooLargeError        more bytes than the limit: .size .limit
"""

from __future__ import annotations

from xai_vision.errors import ImageError

__all__ = [
    "ImageBase64Error",
    "ImageBombError",
    "ImageCorruptError",
    "ImageEmptyError",
    "ImageError",
    "ImageFormatError",
    "ImageReadError",
    "ImageSourceError",
    "ImageTooLargeError",
    "ImageTruncatedError",
    "NotAnImageError",
]


class ImageSourceError(ImageError):
    """This kind of thing is not taken as a picture: a path as a string, an odd array, an object."""


class ImageReadError(ImageError):
    """The picture's file could not be read, or changed between preparing and sending."""


class ImageBase64Error(ImageError):
    """The base64 text of the picture is broken."""


class ImageEmptyError(ImageError):
    """There are no bytes, or the picture has no width or no height."""


class NotAnImageError(ImageError):
    """The bytes are no picture of any format known here."""


class ImageFormatError(ImageError):
    """A picture, but of a format or variant that is not taken and cannot be converted."""


class ImageCorruptError(ImageError):
    """A picture that does not open: its data contradicts itself."""


class ImageTruncatedError(ImageCorruptError):
    """A picture whose end is missing, as after a broken download."""


class ImageBombError(ImageError):
    """A picture of so many pixels that decoding it would take too much memory."""


class ImageTooLargeError(ImageError):
    """A picture of more bytes than the limit.

    Attributes:
        size: What it takes, in bytes; None if it is only known to be more than the limit.
        limit: What it may take, in bytes.
    """

    def __init__(
        self,
        reason: str,
        *,
        size: int | None,
        limit: int,
        remedy: str = "",
        source: str = "picture",
    ) -> None:
        super().__init__(reason, remedy=remedy, source=source)
        self.size = size
        self.limit = limit
