"""prepare_pages(): documents and pages that are refused, and what is missing from others."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import sample_images
from tests.imaging.pages.pdf_files import THREE, Page, page_sizes, pdf
from tests.imaging.places.marked_images import red_box
from xai_vision import prepare_pages
from xai_vision.imaging import (
    DecompressionBombError,
    ImageCorruptError,
    ImageEmptyError,
    ImageError,
    ImageFormatError,
    ImageReadError,
    ImageSourceError,
    NotAnImageError,
    prepare_image,
)

pytest.importorskip("pypdfium2")


def test_a_huge_page_is_refused_before_it_is_rendered(monkeypatch):
    from xai_vision.imaging import _pdfium

    monkeypatch.setattr(_pdfium.pdfium.PdfPage, "render", lambda *_, **__: pytest.fail("rendered"))
    pages = prepare_pages(pdf([Page((200 * 72, 200 * 72))]), 600, name="plan.pdf")
    with pytest.raises(DecompressionBombError) as caught:
        next(pages)
    message = str(caught.value)
    assert message.startswith("plan.pdf, page 1: ")
    assert "200x200 inches has 14,400 million pixels at 600 dpi" in message
    assert "Pass dpi=40 or less" in message
    assert "max_pixels=" in message


def test_the_proposed_resolution_fits():
    document = pdf([Page((14400, 14400))])
    with pytest.raises(DecompressionBombError, match=r"limit is 1,000,000. Pass dpi=5 or less"):
        next(prepare_pages(document, max_pixels=1_000_000))
    assert page_sizes(document, 5, max_pixels=1_000_000) == [(1000, 1000)]


@pytest.mark.parametrize("size", [(1e9, 1e9), (1e-3, 1e-3), (0, 0), (-50, 100)])
def test_strange_page_sizes(size):
    """A page of any size becomes an image or an error of ours."""
    try:
        (page,) = prepare_pages(pdf([Page(size)]), 72)
    except DecompressionBombError as error:
        assert "dpi=" in error.remedy  # noqa: PT017 - either result is right
        assert size == (1e9, 1e9)
    else:
        assert min(page.size) >= 1


def test_encrypted_documents():
    document = pdf([Page()], password="secret")
    with pytest.raises(ImageReadError, match=r"a\.pdf: the PDF is encrypted\. .*password="):
        prepare_pages(document, name="a.pdf")
    with pytest.raises(ImageReadError, match=r"password does not open.*Check") as caught:
        prepare_pages(document, password="Secret")
    assert "Secret" not in str(caught.value)
    (page,) = prepare_pages(document, 144, password="secret")
    assert red_box(page.pil()) == (40, 120, 120, 180)
    assert page_sizes(THREE, 72, 1, password="not needed") == [(200, 100)]


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", ImageEmptyError, ["empty"]),
        (b"%PDF-1.4\nnothing", ImageCorruptError, ["cannot be opened", "Get the file again"]),
        (THREE[:300], ImageCorruptError, ["corrupt or incomplete"]),
        (pdf([]), ImageEmptyError, ["has no pages"]),
        (sample_images.png(), ImageFormatError, ["is an image (PNG)", "prepare_image()"]),
        (b"<html><p>", NotAnImageError, ["not a PDF", "HTML", "path of a PDF"]),
        (b"\1\2\3" * 99, NotAnImageError, ["it is not a PDF."]),
    ],
)
def test_not_a_document(data, kind, words, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    for source, name in ((data, "PDF"), (path, "a.pdf"), (str(path), "a.pdf")):
        with pytest.raises(kind) as caught:
            prepare_pages(source)
        assert str(caught.value).startswith(f"{name}: ")
        for word in words:
            assert word in str(caught.value)


def test_each_document_has_its_own_error():
    """PDFium keeps the error of an earlier document."""
    with pytest.raises(ImageReadError, match="encrypted"):
        prepare_pages(pdf([Page()], password="secret"))
    with pytest.raises(ImageEmptyError, match="no pages"):
        prepare_pages(pdf([]))


def test_path_with_any_letters(tmp_path):
    path = tmp_path / "ünï ~ 文書 %.pdf"
    path.write_bytes(THREE)
    assert [page.source for page in prepare_pages(path, 72, 2)] == ["ünï ~ 文書 %.pdf, page 2"]


def test_broken_page():
    document = THREE.replace(b"/Kids [3 0 R 5 0 R 7 0 R]", b"/Kids [3 0 R 9 0 R 7 0 R]")
    pages = prepare_pages(document, 72)
    assert next(pages).size == (200, 100)
    with pytest.raises(ImageCorruptError, match=r"PDF, page 2: .*other pages with pages="):
        next(pages)
    assert page_sizes(document, 72, [1, 3]) == [(200, 100), (72, 72)]


def test_truncated_document_is_reported():
    cut = THREE[: THREE.index(b"startxref")]
    pages = list(prepare_pages(cut, 72))
    assert any("end of the PDF is missing" in str(change) for change in pages[0].changes)
    assert not any("end of the PDF" in str(c) for c in next(prepare_pages(THREE)).changes)


def test_unrendered_form_is_reported():
    form = "/AcroForm << /Fields [] /XFA (<xdp/>) >>"
    (page,) = prepare_pages(pdf([Page()], catalog=form), 72)
    assert any("XFA form is not rendered" in str(change) for change in page.changes)


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("missing.pdf", ImageReadError, ["missing.pdf: file not found"]),
        ("https://e.x/a.pdf", ImageSourceError, ["treated as a path", "Download it"]),
        ("file:///a.pdf", ImageSourceError, ["without 'file://'"]),
        ("data:application/pdf;base64,JVBERi0=", ImageSourceError, ["b64decode"]),
        ("JVBERi0xLjQK", ImageSourceError, ["b64decode"]),
        (["a.pdf"], ImageSourceError, ["one document at a time"]),
        (5, ImageSourceError, ["int is not supported as a PDF", "path of a PDF"]),
        (None, ImageSourceError, ["NoneType is not supported"]),
        (io.StringIO("%PDF-"), ImageSourceError, ["binary mode"]),
    ],
)
def test_unsupported_sources(source, kind, words):
    with pytest.raises(kind) as caught:
        prepare_pages(source)
    for word in words:
        assert word in str(caught.value)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    monkeypatch.delitem(sys.modules, "xai_vision.imaging._pdfium", raising=False)
    with pytest.raises(ImageFormatError, match=r"pip install 'xai-vision\[pdf\]'"):
        prepare_pages(THREE)


def test_image_names_prepare_pages():
    with pytest.raises(NotAnImageError, match=r"a PDF document.*prepare_pages\(\)"):
        prepare_image(THREE)


@given(st.data())
def test_damaged_documents(data):
    """A damaged document becomes pages or an error of ours."""
    damaged = bytearray(THREE)
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(damaged) - 1))
        new = data.draw(
            st.sampled_from([b"9", b"-", b"/", b"<<", b"\0", b"99999999", b"nan", b" 0 R"])
        )
        damaged[start : start + data.draw(st.integers(0, 4))] = new
    try:
        for page in prepare_pages(bytes(damaged), 20, max_pixels=100_000):
            assert page.format == "PNG"
    except ImageError as error:
        assert error.remedy  # noqa: PT017 - either result is right
