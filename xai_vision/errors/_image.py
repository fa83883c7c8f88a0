"""Errors of images. This module does not import gRPC."""

from __future__ import annotations

from xai_vision.errors._base import InvalidRequestError


class ImageError(InvalidRequestError):
    """An image that cannot be sent.

    Attributes:
        reason: What is wrong.
        remedy: What to do; can be empty.
        source: The image's name: its file name, shortened URL or kind ("bytes", "data URL"), and
            its position once it is part of a message. Never image data.
    """

    def __init__(self, reason: str, *, remedy: str = "", source: str = "image") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.source = source

    def __str__(self) -> str:
        text = f"{self.source}: {self.reason}"
        return f"{text} {self.remedy}" if self.remedy else text


class ImageSourceError(ImageError):
    """An unsupported source, such as a path as a string or an array of another shape."""


class ImageReadError(ImageError):
    """A file that could not be read, or that changed between preparing and sending."""


class ImageBase64Error(ImageError):
    """Invalid base64 text."""


class ImageEmptyError(ImageError):
    """No bytes, or an image without width or height."""


class NotAnImageError(ImageError):
    """Bytes that are not an image of a known format."""


class ImageFormatError(ImageError):
    """An image of an unsupported format or variant."""


class ImageCorruptError(ImageError):
    """An image that cannot be decoded."""


class ImageTruncatedError(ImageCorruptError):
    """An image whose end is missing, for example after an interrupted download."""


class DecompressionBombError(ImageError):
    """An image with so many pixels that decoding it would take too much memory."""


class ImageTooLargeError(ImageError):
    """An image over the size limit.

    Attributes:
        size: The size in bytes; None if it is only known to exceed the limit.
        limit: The limit in bytes.
    """

    def __init__(
        self,
        reason: str,
        *,
        size: int | None,
        limit: int,
        remedy: str = "",
        source: str = "image",
    ) -> None:
        super().__init__(reason, remedy=remedy, source=source)
        self.size = size
        self.limit = limit
