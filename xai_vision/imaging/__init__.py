"""Images: conversion from the objects of a program to the formats of the service, without gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.errors._image import (
        DecompressionBombError,
        ImageBase64Error,
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
    from xai_vision.imaging._formats.sniff import sniff_format
    from xai_vision.imaging._image_url import ImageUrlSource, TextImageUrl
    from xai_vision.imaging._limits import MAX_BYTES, MAX_DECODED_PIXELS, MAX_PIXELS
    from xai_vision.imaging._options import ImageOptions
    from xai_vision.imaging._pages import prepare_pages
    from xai_vision.imaging._prepare import prepare_image
    from xai_vision.imaging._prepared import PreparedImage
    from xai_vision.imaging._read import decode, read_header
    from xai_vision.imaging._sources.detect import ImageSource
    from xai_vision.imaging._tokens import Detail, TokenEstimate, estimate_tokens

__all__ = [
    "MAX_BYTES",
    "MAX_DECODED_PIXELS",
    "MAX_PIXELS",
    "Change",
    "DecompressionBombError",
    "Detail",
    "ImageBase64Error",
    "ImageCorruptError",
    "ImageEmptyError",
    "ImageError",
    "ImageFormatError",
    "ImageHeader",
    "ImageOptions",
    "ImageReadError",
    "ImageSource",
    "ImageSourceError",
    "ImageTooLargeError",
    "ImageTruncatedError",
    "ImageUrlSource",
    "NotAnImageError",
    "PreparedImage",
    "TextImageUrl",
    "TokenEstimate",
    "decode",
    "estimate_tokens",
    "prepare_image",
    "prepare_pages",
    "read_header",
    "sniff_format",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        **{name: "xai_vision.errors._image" for name in __all__ if name.endswith("Error")},
        "MAX_BYTES": "xai_vision.imaging._limits",
        "MAX_DECODED_PIXELS": "xai_vision.imaging._limits",
        "MAX_PIXELS": "xai_vision.imaging._limits",
        "Change": "xai_vision.imaging._formats.change",
        "Detail": "xai_vision.imaging._tokens",
        "ImageHeader": "xai_vision.imaging._formats.image_header",
        "ImageOptions": "xai_vision.imaging._options",
        "ImageSource": "xai_vision.imaging._sources.detect",
        "ImageUrlSource": "xai_vision.imaging._image_url",
        "PreparedImage": "xai_vision.imaging._prepared",
        "TextImageUrl": "xai_vision.imaging._image_url",
        "TokenEstimate": "xai_vision.imaging._tokens",
        "decode": "xai_vision.imaging._read",
        "estimate_tokens": "xai_vision.imaging._tokens",
        "prepare_image": "xai_vision.imaging._prepare",
        "prepare_pages": "xai_vision.imaging._pages",
        "read_header": "xai_vision.imaging._read",
        "sniff_format": "xai_vision.imaging._formats.sniff",
    },
)
