"""Read the text and the codes of images; each image once."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from xai_vision.testing._eyes.code_reader import CodeReader, erase
from xai_vision.testing._eyes.image_text import ImageText
from xai_vision.testing._eyes.text_boxes import lines_of
from xai_vision.testing._eyes.text_recognizer import TextRecognizer
from xai_vision.testing._service.image_inspection import decode

if TYPE_CHECKING:
    from PIL.Image import Image

    from xai_vision.testing._calls.images import CallImage

_MAX_SIDE = 3508  # pixels, as of A4 at 300 dpi; codes need more of them than text
_MAX_CACHE_ENTRIES = 1000


class ImageReader:
    """Reads the text and the codes of images, and caches the results by content.

    Threads take turns, so that the models use memory once.

    Raises:
        ImportError: A package of the extra "eyes" is missing.
    """

    def __init__(self) -> None:
        self._codes = CodeReader()
        self._text = TextRecognizer()
        self._cache: OrderedDict[str, ImageText] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, image: CallImage) -> ImageText | None:
        """Return the text and the codes of an image; None if the log has not stored its bytes."""
        known = self._cache.get(image.sha256)
        if known is not None:
            return known
        with self._lock:
            # Another thread may have read it while this one waited.
            result = self._cache.get(image.sha256)
            if result is None:
                try:
                    data = image.data
                except LookupError:
                    return None
                result = self._cache[image.sha256] = self._read(data, image.format)
                if len(self._cache) > _MAX_CACHE_ENTRIES:
                    self._cache.popitem(last=False)
            return result

    def _read(self, data: bytes, format_: str) -> ImageText:
        page = _decode_on_white(data, format_)
        codes = self._codes.read(page)
        erase(page, codes)
        lines = lines_of(self._text.read(page))
        return ImageText(lines, tuple(placed.code for placed in codes))


def _decode_on_white(data: bytes, format_: str) -> Image:
    from PIL import Image

    decoded = decode(data, format_, max_side=_MAX_SIDE)
    page = Image.new("RGB", decoded.size, "white")
    page.paste(decoded, mask=decoded.getchannel("A"))
    return page


_reader: ImageReader | None = None
_reader_lock = threading.Lock()


def load_reader() -> ImageReader:
    """Return the reader of this process.

    Raises:
        ImportError: A package of the extra "eyes" is missing.
    """
    global _reader  # noqa: PLW0603 - the models are loaded once per process
    with _reader_lock:
        if _reader is None:
            _reader = ImageReader()
        return _reader


def _forget_reader() -> None:
    """Drop the reader of the parent process, whose lock a thread of the parent may hold."""
    global _reader, _reader_lock
    _reader, _reader_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_reader)
