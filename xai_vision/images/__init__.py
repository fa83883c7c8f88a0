"""Pictures: from anything a program holds to what the service takes. Pure, no gRPC."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xai_vision.errors.image import (
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
    from xai_vision.images.change import (
        Change,
    )
    from xai_vision.images.facts import (
        Header,
    )
    from xai_vision.images.formats import (
        sniff_format,
    )
    from xai_vision.images.header import (
        decode,
        read_header,
    )
    from xai_vision.images.limits import (
        MAX_BYTES,
        MAX_PIXELS,
    )
    from xai_vision.images.picture import (
        Picture,
        TextPicture,
    )
    from xai_vision.images.prepare import (
        prepare_image,
    )
    from xai_vision.images.prepared import (
        PreparedImage,
    )
    from xai_vision.images.sources import (
        ImageSource,
    )
    from xai_vision.images.tokens import (
        Detail,
        TokenEstimate,
        estimate_tokens,
    )

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

_HOMES = {
    "Change": "xai_vision.images.change",
    "Detail": "xai_vision.images.tokens",
    "Header": "xai_vision.images.facts",
    "ImageBase64Error": "xai_vision.errors.image",
    "ImageBombError": "xai_vision.errors.image",
    "ImageCorruptError": "xai_vision.errors.image",
    "ImageEmptyError": "xai_vision.errors.image",
    "ImageError": "xai_vision.errors.image",
    "ImageFormatError": "xai_vision.errors.image",
    "ImageReadError": "xai_vision.errors.image",
    "ImageSource": "xai_vision.images.sources",
    "ImageSourceError": "xai_vision.errors.image",
    "ImageTooLargeError": "xai_vision.errors.image",
    "ImageTruncatedError": "xai_vision.errors.image",
    "MAX_BYTES": "xai_vision.images.limits",
    "MAX_PIXELS": "xai_vision.images.limits",
    "NotAnImageError": "xai_vision.errors.image",
    "Picture": "xai_vision.images.picture",
    "PreparedImage": "xai_vision.images.prepared",
    "TextPicture": "xai_vision.images.picture",
    "TokenEstimate": "xai_vision.images.tokens",
    "decode": "xai_vision.images.header",
    "estimate_tokens": "xai_vision.images.tokens",
    "prepare_image": "xai_vision.images.prepare",
    "read_header": "xai_vision.images.header",
    "sniff_format": "xai_vision.images.formats",
}


def __getattr__(name: str) -> object:
    # Loaded on use: a program that sends only text, or web addresses it has checked itself, needs
    # no more of this room than what a picture is.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
