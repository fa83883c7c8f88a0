"""Pictures: from anything a program holds to what the service takes. Pure, no gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.errors._image import (
        ImageBase64Error,
        DecompressionBombError,
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
    from xai_vision.imaging._formats.change import Change
    from xai_vision.imaging._formats.image_header import ImageHeader
    from xai_vision.imaging._formats.parse import decode, read_header
    from xai_vision.imaging._formats.sniff import sniff_format
    from xai_vision.imaging._image_url import ImageUrlSource, TextImageUrl
    from xai_vision.imaging._limits import MAX_BYTES, MAX_PIXELS
    from xai_vision.imaging._prepare import prepare_image
    from xai_vision.imaging._prepared import PreparedImage
    from xai_vision.imaging._sources.detect import ImageSource
    from xai_vision.imaging._tokens import Detail, TokenEstimate, estimate_tokens

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Change",
    "Detail",
    "ImageHeader",
    "ImageBase64Error",
    "DecompressionBombError",
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
    "ImageUrlSource",
    "PreparedImage",
    "TextImageUrl",
    "TokenEstimate",
    "decode",
    "estimate_tokens",
    "prepare_image",
    "read_header",
    "sniff_format",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "MAX_BYTES": "xai_vision.imaging._limits",
        "MAX_PIXELS": "xai_vision.imaging._limits",
        "Change": "xai_vision.imaging._formats.change",
        "Detail": "xai_vision.imaging._tokens",
        "Header": "xai_vision.imaging._formats.image_header",
        "ImageBase64Error": "xai_vision.errors._image",
        "ImageBombError": "xai_vision.errors._image",
        "ImageCorruptError": "xai_vision.errors._image",
        "ImageEmptyError": "xai_vision.errors._image",
        "ImageError": "xai_vision.errors._image",
        "ImageFormatError": "xai_vision.errors._image",
        "ImageReadError": "xai_vision.errors._image",
        "ImageSource": "xai_vision.imaging._sources.detect",
        "ImageSourceError": "xai_vision.errors._image",
        "ImageTooLargeError": "xai_vision.errors._image",
        "ImageTruncatedError": "xai_vision.errors._image",
        "NotAnImageError": "xai_vision.errors._image",
        "Picture": "xai_vision.imaging._image_url",
        "PreparedImage": "xai_vision.imaging._prepared",
        "TextPicture": "xai_vision.imaging._image_url",
        "TokenEstimate": "xai_vision.imaging._tokens",
        "decode": "xai_vision.imaging._formats.parse",
        "estimate_tokens": "xai_vision.imaging._tokens",
        "prepare_image": "xai_vision.imaging._prepare",
        "read_header": "xai_vision.imaging._formats.parse",
        "sniff_format": "xai_vision.imaging._formats.sniff",
    },
)
