"""PDF documents, rendered by PDFium. This module imports pypdfium2 and Pillow."""

from __future__ import annotations

import atexit
import ctypes
import math
import os
import threading
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pypdfium2 as pdfium  # type: ignore[import-untyped, unused-ignore]
import pypdfium2.raw as raw  # type: ignore[import-untyped, unused-ignore]
from PIL import Image

from xai_vision.errors._image import (
    DecompressionBombError,
    ImageCorruptError,
    ImageEmptyError,
    ImageFormatError,
    ImageReadError,
)
from xai_vision.imaging._formats.parse import format_pixels
from xai_vision.imaging._placement import Placement

POINTS_PER_INCH = 72
_ALMOST_1 = 1 - 1e-6  # sides are rounded up, and PDFium's 32-bit floats can be just above a pixel
_STEPS = 1 << 20  # of a page's side, for the transformation to the coordinates of the PDF
_XFA = (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND)

# PDFium is not thread-safe. Reentrant, because the garbage collector can close a document anywhere.
_lock = threading.RLock()


def _renew_lock() -> None:
    """Replace the lock in a forked process, where no other thread exists to release it."""
    global _lock  # noqa: PLW0603 - a lock cannot be reset
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Document:
    """An open PDF.

    Attributes:
        page_count: The number of pages.
        has_xfa: Whether it has an XFA form, which PDFium does not render.
    """

    def __init__(self, file: Path | bytes, password: str | None) -> None:
        """Open a PDF.

        Raises:
            ImageError: It is encrypted or cannot be opened, or it has no pages.
        """
        with _lock:
            self._data = file  # PDFium reads it as long as the document is open
            self._pdf: Any = pdfium.PdfDocument(_load(file, password))
            try:
                self._pdf.init_forms()  # before the first page, so that filled fields are rendered
                self.has_xfa = self._pdf.get_formtype() in _XFA
            except pdfium.PdfiumError as error:
                self.close()
                raise _corrupt() from error
            self.page_count = len(self._pdf)
            if self.page_count < 1:
                self.close()
                raise ImageEmptyError("the PDF has no pages.", remedy="Check its source.")
        _open_documents.add(self)

    def close(self) -> None:
        """Close the document; nothing happens if it is closed."""
        with _lock:
            pdf = self.__dict__.pop("_pdf", None)
            if pdf is not None:
                pdf.close()

    def __del__(self) -> None:
        self.close()

    def render(self, number: int, dpi: float, max_pixels: int) -> tuple[Image.Image, Placement]:
        """Render a page on white, with annotations and filled form fields.

        Args:
            number: The number of the page, from 1.
            dpi: Pixels per inch.
            max_pixels: Maximum number of pixels of the page.

        Returns:
            The page, and its place in the PDF.

        Raises:
            ImageError: The page cannot be rendered, or has too many pixels.
        """
        with _lock:
            try:
                page = self._pdf[number - 1]
            except pdfium.PdfiumError as error:
                raise ImageCorruptError(
                    "the page cannot be opened: the PDF is corrupt or incomplete.",
                    remedy="Get the file again, or choose other pages with pages=.",
                ) from error
            try:
                return self._render(page, dpi, max_pixels)
            finally:
                page.close()

    def _render(self, page: Any, dpi: float, max_pixels: int) -> tuple[Image.Image, Placement]:
        width, height = page.get_size()
        _check_page_size(width, height, dpi, max_pixels)
        try:
            bitmap = page.render(scale=dpi / POINTS_PER_INCH * _ALMOST_1, rev_byteorder=True)
            try:
                image = bitmap.to_pil().copy()  # some modes share the bitmap's memory
            finally:
                bitmap.close()
        except (pdfium.PdfiumError, ValueError, MemoryError) as error:
            raise ImageCorruptError(
                "the page cannot be rendered.",
                remedy="Pass a lower dpi=, or choose other pages with pages=.",
            ) from error
        return image, _placement(page, width, height)


_open_documents: WeakSet[Document] = WeakSet()


@atexit.register
def _close_all() -> None:
    """Close what is open; pypdfium2 would write a warning to stderr for each document."""
    for document in list(_open_documents):
        document.close()


def _load(file: Path | bytes, password: str | None) -> Any:
    """Open a PDF and return PDFium's handle.

    ``PdfDocument`` cannot be used here: it also looks up the last error, which can be that of an
    earlier document, if a document has no pages.
    """
    secret = None if password is None else password.encode("utf-8", "surrogatepass") + b"\0"
    if isinstance(file, bytes):
        handle = raw.FPDF_LoadMemDocument64(file, len(file), secret)
    else:
        handle = raw.FPDF_LoadDocument(os.fsencode(file) + b"\0", secret)
    if handle:
        return handle
    code = raw.FPDF_GetLastError()
    if code == raw.FPDF_ERR_PASSWORD and password:
        raise ImageReadError(
            "the password does not open the PDF.", remedy="Check the value of password=."
        )
    if code == raw.FPDF_ERR_PASSWORD:
        raise ImageReadError("the PDF is encrypted.", remedy="Pass its password with password=.")
    if code == raw.FPDF_ERR_SECURITY:
        raise ImageFormatError(
            "the PDF is encrypted in a way that is not supported.",
            remedy="Save it without encryption.",
        )
    raise _corrupt()


def _corrupt() -> ImageCorruptError:
    return ImageCorruptError(
        "the PDF cannot be opened: its data is corrupt or incomplete.",
        remedy="Get the file again, or save it again with a program that opens it.",
    )


def _check_page_size(width: float, height: float, dpi: float, max_pixels: int) -> None:
    if not (width > 0 and height > 0):
        raise ImageEmptyError("the page has no area.", remedy="Choose other pages with pages=.")
    pixels = (width * dpi / POINTS_PER_INCH) * (height * dpi / POINTS_PER_INCH)
    if pixels <= max_pixels:
        return
    fitting = dpi * math.sqrt(max_pixels / pixels)
    shown = f"{math.floor(fitting)}" if fitting >= 1 else f"{fitting * 0.99:.2g}"
    raise DecompressionBombError(
        f"the page of {width / POINTS_PER_INCH:.4g}x{height / POINTS_PER_INCH:.4g} inches has "
        f"{format_pixels(round(pixels))} pixels at {dpi:g} dpi; "
        f"the limit is {format_pixels(max_pixels)}.",
        remedy=f"Pass dpi={shown} or less, or raise max_pixels= if the size is intended.",
    )


def _placement(page: Any, width: float, height: float) -> Placement:
    """Return the place of a whole page, with the transformation to the PDF's coordinates."""
    (x, y), right, down = (_to_pdf(page, *corner) for corner in ((0, 0), (_STEPS, 0), (0, _STEPS)))
    return Placement(
        size=(width, height),
        region=(0, 0, width, height),
        stored=(
            (right[0] - x) / width,
            (down[0] - x) / height,
            x,
            (right[1] - y) / width,
            (down[1] - y) / height,
            y,
        ),
        unit="points",
    )


def _to_pdf(page: Any, column: int, row: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDF_DeviceToPage(page, 0, 0, _STEPS, _STEPS, 0, column, row, x, y)
    return x.value, y.value
