"""Translation of the exceptions of decoders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from xai_vision.errors._image import (
    DecompressionBombError,
    ImageCorruptError,
    ImageError,
    ImageFormatError,
)
from xai_vision.imaging._formats.byte_reader import truncated_error

_UNKNOWN = re.compile("unsupported|not supported|unimplemented|unknown pixel mode|raw mode")


@contextmanager
def decoding(kind: str = "image") -> Iterator[None]:
    """Translate exceptions of a decoder to ImageError; the original is its ``__cause__``."""
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DecompressionBombError(
            f"Pillow does not decode a {kind} with so many pixels.",
            remedy="Convert it to JPEG or PNG first, or make it smaller.",
        ) from error
    except MemoryError as error:
        raise DecompressionBombError(
            f"decoding this {kind} takes more memory than there is.", remedy="Make it smaller."
        ) from error
    except Exception as error:
        message = str(error).lower()
        if isinstance(error, EOFError) or "truncated" in message:
            raise truncated_error() from error
        if "decompressed data too large" in message:
            raise DecompressionBombError(
                f"a text or profile in this {kind} decompresses to a suspicious size.",
                remedy="Save it without metadata.",
            ) from error
        if isinstance(error, NotImplementedError) or _UNKNOWN.search(message):
            raise ImageFormatError(
                f"the installed Pillow does not support this kind of {kind}.",
                remedy="Save it as JPEG or PNG with a program that opens it.",
            ) from error
        raise ImageCorruptError(
            f"the {kind} cannot be decoded: its data is corrupt or of an unknown kind.",
            remedy="Get the file again, or save it again with a program that opens it.",
        ) from error
