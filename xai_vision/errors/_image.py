"""What can be wrong with a picture, each with its own class. Needs no gRPC."""

from __future__ import annotations

from typing import Any

from xai_vision.errors._base import InvalidRequestError, rebuild


class ImageError(InvalidRequestError):
    """A picture that cannot be sent as it is.

    Attributes:
        reason: What is wrong, in a sentence.
        remedy: What to do about it, in a sentence; may be empty.
        source: Which picture: its file name, URL (shortened) or kind ("bytes", "data URL"),
            and once it is part of a message its place there. Never the picture's data.
    """

    def __init__(self, reason: str, *, remedy: str = "", source: str = "picture") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.source = source

    def __str__(self) -> str:
        text = f"{self.source}: {self.reason}"
        return f"{text} {self.remedy}" if self.remedy else text

    def __reduce__(self) -> tuple[Any, ...]:
        # Through __new__, so that subclasses may take other arguments than these.
        return rebuild, (type(self), self.args, dict(self.__dict__))


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


class DecompressionBombError(ImageError):
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
