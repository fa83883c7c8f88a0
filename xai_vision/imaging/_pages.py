"""The pages of a PDF as prepared images."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision._hints import unexpected_argument
from xai_vision.errors._base import InvalidRequestError
from xai_vision.errors._image import (
    ImageEmptyError,
    ImageError,
    ImageFormatError,
    ImageSourceError,
    NotAnImageError,
)
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.sniff import describe_unknown, sniff_format
from xai_vision.imaging._limits import decoding_limit, positive_int, safe_repr
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._page_selection import Pages, select_pages
from xai_vision.imaging._prepare import checked_name, prepare_resolved
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.data import FileImageData, ImageData
from xai_vision.imaging._sources.detect import BytesLike, SupportsRead, resolve
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._tokens import Detail, check_detail

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.imaging._options import ImageOptions
    from xai_vision.imaging._pdfium import Document

DEFAULT_DPI = 150
MAX_PAGES = 100
"""Maximum pages of one call (our choice)."""

PdfSource: TypeAlias = str | os.PathLike[str] | BytesLike | SupportsRead
"""The accepted sources of a PDF."""

_SOURCES = "Pass the path of a PDF, its bytes, or a file opened in binary mode."
_HEADER = b"%PDF-"
_END = b"%%EOF"
_SEARCHED = 1024  # bytes at the start and at the end in which readers look for the marks


def prepare_pages(
    source: PdfSource,
    dpi: float = DEFAULT_DPI,
    pages: Pages = None,
    *,
    password: str | None = None,
    max_pages: int = MAX_PAGES,
    detail: Detail = "auto",
    **options: Unpack[ImageOptions],
) -> Iterator[PreparedImage]:
    """Prepare the pages of a PDF as images, one at a time.

    Each page is rendered when the iterator reaches it, with annotations and filled form fields.
    Needs the extra ``pdf`` (``pip install 'xai-vision[pdf]'``).

    Args:
        source: The path of a PDF (a string is a path here), its bytes, or a file opened in binary
            mode. A file must not change while its pages are prepared.
        dpi: Pixels per inch. 150 is enough for printed text; use 200 to 300 for small print.
        pages: The pages to prepare. Their numbers begin at 1, as in PDF viewers; -1 is the last
            page. An integer, several integers in any order, a range (``range(1, 4)`` is pages 1 to
            3), or a slice, which can be open and ends with the document (``slice(3, None)`` is page
            3 to the last). Default: all.
        password: The password of an encrypted PDF.
        max_pages: Maximum number of pages to prepare; more are refused. Default: 100.
        detail: "auto", "low" or "high", for the results' ``tokens``.
        **options: The options of ``prepare_image``: ``max_side``, ``max_bytes``, ``max_pixels`` ...
            By default a page becomes a PNG, and may have 64 million pixels.

    Returns:
        An iterator over the pages. The name of each ends in its number ("report.pdf, page 3"), its
        ``changes`` contain the resolution, and ``to_source`` returns points.

    Raises:
        ImageError: The PDF or a page cannot be prepared: it is encrypted, corrupt or not a PDF, or
            the page has too many pixels. Errors of a page are raised when it is reached.
        InvalidRequestError: An option is invalid, or a page does not exist.

    Examples:
        >>> from xai_vision import prepare_pages
        >>> pages = list(prepare_pages("report.pdf", pages=range(1, 4)))  # doctest: +SKIP
    """
    dpi = _checked_dpi(dpi)
    max_pages = positive_int("max_pages", max_pages)
    check_detail(detail)
    if password is not None and not isinstance(password, str):
        raise InvalidRequestError(f"password must be a string, not {type(password).__name__}.")
    name, prepare_options = _checked_options(dict(options))
    resolved = _resolve(source)
    name = name or resolved.name
    document = _open(resolved, source, name, password)
    try:
        numbers = select_pages(pages, document.page_count, max_pages, name)
    except InvalidRequestError:
        document.close()
        raise
    notes = _notes(resolved, document)
    return _prepare(document, numbers, name, dpi, prepare_options, detail, notes)


def _prepare(
    document: Document,
    numbers: list[int],
    name: str,
    dpi: float,
    options: PrepareOptions,
    detail: Detail,
    notes: list[Change],
) -> Iterator[PreparedImage]:
    max_pixels = decoding_limit("PDF", options.max_pixels)
    try:
        for number in numbers:
            page = ResolvedSource(f"{name}, page {number}")
            try:
                page.image, page.placement = document.render(number, dpi, max_pixels)
            except ImageError as error:
                error.source = page.name
                raise
            what = f"page {number} of {document.page_count} rendered at {dpi:g} dpi"
            page.changes = [Change(what, lossy=True), *notes]
            prepared = prepare_resolved(page, options, detail)
            del page  # the pixels are not needed while the caller uses the page
            yield prepared
            del prepared
    finally:
        document.close()


def _checked_options(options: dict[str, Any]) -> tuple[str | None, PrepareOptions]:
    name = checked_name(options.pop("name", None))
    known = [field.name for field in fields(PrepareOptions)]
    for unknown in options.keys() - set(known):
        raise unexpected_argument("prepare_pages()", unknown, [*known, "dpi", "pages"], {})
    return name, PrepareOptions(**options).validated()


def _checked_dpi(dpi: Any) -> float:
    try:
        number = 0.0 if isinstance(dpi, (bool, str)) else float(dpi)
    except (TypeError, ValueError, OverflowError):
        number = 0.0
    if not (number > 0 and math.isfinite(number)):
        raise InvalidRequestError(f"dpi must be a number above 0, not {safe_repr(dpi)}.")
    return number


# --- the document ---


def _resolve(source: Any) -> ResolvedSource:
    """Resolve the source to the data of a PDF."""
    if isinstance(source, str):
        _check_path(source)
        source = Path(source)
    is_file = callable(getattr(source, "read", None))
    if not (is_file or isinstance(source, (os.PathLike, bytes, bytearray, memoryview))):
        remedy = _SOURCES
        if isinstance(source, (list, tuple)):
            remedy = "Pass one document at a time."
        elif hasattr(source, "content"):
            remedy = "Pass the .content of the HTTP response."
        kind = type(source).__name__
        raise ImageSourceError(f"{kind} is not supported as a PDF.", remedy=remedy, source=kind)
    resolved = resolve(source)
    resolved.name = "PDF" if resolved.name == "image" else resolved.name
    try:
        _check_is_pdf(resolved.data)
    except ImageError as error:
        error.source = resolved.name
        raise
    return resolved


def _check_path(text: str) -> None:
    start = text[:8].lower()
    remedy = ""
    if start.startswith(("http:", "https:")):
        remedy = "Download it and pass its bytes."
    elif start.startswith("file:"):
        remedy = "Pass the path without 'file://'."
    elif start.startswith("data:") or text.startswith("JVBERi0"):  # %PDF- in base64
        remedy = "Pass bytes: base64.b64decode(...) of the part after the comma, if there is one."
    if remedy:
        raise ImageSourceError(
            "a string is treated as a path, and this is not one.", remedy=remedy, source="PDF"
        )


def _check_is_pdf(data: ImageData | None) -> None:
    if data is None or data.size == 0:
        raise ImageEmptyError("the data is empty.", remedy="Check its source.")
    with data.open() as reader:
        head = reader.peek(0, _SEARCHED)
    if _HEADER in head:
        return
    kind = sniff_format(head)
    if kind is not None:
        raise ImageFormatError(
            f"it is an image ({kind}), not a PDF.", remedy="Pass it to prepare_image()."
        )
    looks_like, _ = describe_unknown(head)
    raise NotAnImageError(
        f"it is not a PDF (it looks like {looks_like})." if looks_like else "it is not a PDF.",
        remedy=_SOURCES,
    )


def _open(resolved: ResolvedSource, source: PdfSource, name: str, password: str | None) -> Document:
    data = resolved.data
    assert data is not None  # noqa: S101 - checked with the header
    try:
        from xai_vision.imaging._pdfium import Document
    except ImportError as error:
        raise ImageFormatError(
            "a PDF needs a renderer that is not installed.",
            remedy="Run: pip install 'xai-vision[pdf]'.",
            source=name,
        ) from error
    try:
        if isinstance(data, FileImageData) and isinstance(source, (str, os.PathLike)):
            return Document(Path(source).absolute(), password)
        return Document(data.read(), password)
    except ImageError as error:
        error.source = name
        raise


def _notes(resolved: ResolvedSource, document: Document) -> list[Change]:
    """Return what may be missing from the pages."""
    assert resolved.data is not None  # noqa: S101 - checked with the header
    notes = []
    with resolved.data.open() as reader:
        if _END not in reader.peek(max(0, reader.size - _SEARCHED), _SEARCHED):
            what = "the end of the PDF is missing; parts of the page can be missing too"
            notes.append(Change(what, lossy=True))
    if document.has_xfa:
        notes.append(Change("the PDF's XFA form is not rendered", lossy=True))
    return notes
