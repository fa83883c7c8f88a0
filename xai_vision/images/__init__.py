"""Pictures: from anything a program holds to what the service takes. Pure, no gRPC."""

from __future__ import annotations

from xai_vision.images.change import Change
from xai_vision.images.errors import (
    ImageBase64Error,
    ImageBombError,
    ImageCorruptError,
    ImageEmptyError,
    ImageError,
    ImageFormatError,
    ImageReadError,
    ImageSourceError,
    ImageTooLargeError,
    ImageTruncatedError,
    NotAnImageError,
)
from xai_vision.images.facts import Header
from xai_vision.images.formats import sniff_format
from xai_vision.images.header import decode, read_header
from xai_vision.images.limits import MAX_BYTES, MAX_PIXELS
from xai_vision.images.picture import Picture, TextPicture
from xai_vision.images.prepare import prepare_image
from xai_vision.images.prepared import PreparedImage
from xai_vision.images.sources import ImageSource
from xai_vision.images.tokens import Detail, TokenEstimate, estimate_tokens

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Change",
    "Detail",
    "Header",
    "ImageBase64Error",
    "ImageBombError",
    "ImageCorruptError",
    "ImageEmptyError",
    "ImageError",
    "ImageFormatError",
    "ImageReadError",
    "ImageSource",
    "ImageSourceError",
    "ImageTooLargeError",
    "ImageTruncatedError",
    "NotAnImageError",
    "Picture",
    "PreparedImage",
    "TextPicture",
    "TokenEstimate",
    "decode",
    "estimate_tokens",
    "prepare_image",
    "read_header",
    "sniff_format",
]
