"""prepare_pages(): the pages of a PDF."""

from __future__ import annotations

import builtins
import gc
import io
import itertools
import pickle
import subprocess
import sys
import threading
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import sample_images
from tests.imaging.pdf_files import Page, pdf
from tests.imaging.test_places import close, red_box
from xai_vision import Client, prepare_pages
from xai_vision.chat import image, user
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import (
    DecompressionBombError,
    ImageCorruptError,
    ImageEmptyError,
    ImageFormatError,
    ImageReadError,
    ImageSourceError,
    NotAnImageError,
    prepare_image,
)
from xai_vision.testing import FakeServer

pytest.importorskip("pypdfium2")

THREE = pdf([Page((200, 100)), Page((100, 300)), Page((72, 72))])


def sizes(*arguments, **options):
    return [page.size for page in prepare_pages(*arguments, **options)]


# --- what it makes -------------------------------------------------------------------------------


def test_pages_of_a_document(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(THREE)
    first, second, third = prepare_pages(path, dpi=144)
    assert first.size == (400, 200)
    assert second.size == (200, 600)
    assert third.size == (144, 144)
    assert first.format == "PNG"
    assert second.describe().startswith("report.pdf, page 2 (PNG, 200x600, ")
    assert str(second.changes[0]) == "page 2 of 3 rendered at 144 dpi"
    assert not second.lossless
    assert red_box(first.pil()) == (40, 120, 120, 180)  # 20..60 and 10..40 points from below
    assert first.pil().getpixel((5, 5)) == (255, 255, 255)


def test_default_resolution():
    assert sizes(pdf([Page((72, 144))])) == [(150, 300)]


def test_sides_in_pixels_are_exact():
    """595.2 points are 1240 pixels at 150 dpi, though not in floats of 32 bits."""
    assert sizes(pdf([Page((595.2, 841.92)), Page((595.3, 841.9))])) == [(1240, 1754), (1241, 1754)]


@pytest.mark.parametrize("kind", ["str", "path", "bytes", "bytearray", "memoryview", "file"])
def test_sources(kind, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(THREE)
    if kind == "file":
        with path.open("rb") as file:
            pages = prepare_pages(file, 72)
        (page, *_) = pages  # the file was read by the call
        assert page.source == "a.pdf, page 1"
        return
    source = {"str": str(path), "path": path}.get(kind) or getattr(builtins, kind)(THREE)
    pages = list(prepare_pages(source, 72))
    assert [page.size for page in pages] == [(200, 100), (100, 300), (72, 72)]
    assert pages[2].source == ("a.pdf, page 3" if kind in ("str", "path") else "PDF, page 3")


def test_options_of_prepare_image_apply():
    (page,) = prepare_pages(
        THREE, 144, 1, name="invoice", max_side=100, mode="RGB", detail="low", max_bytes=5000
    )
    assert page.size == (100, 50)
    assert page.source == "invoice, page 1"
    assert page.size_bytes <= 5000
    assert page.tokens == page.estimate("low")
    assert "resized from 400x200 to 100x50" in map(str, page.changes)


def test_pages_are_sent():
    with FakeServer() as server, Client(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4")
        chat.append(user("Summarize.", *(image(page) for page in prepare_pages(THREE, 72))))
        chat.sample()
        sent = server.calls.last.images
    assert [(one.width, one.height) for one in sent] == [(200, 100), (100, 300), (72, 72)]


def test_pages_are_rendered_lazily(monkeypatch):
    from xai_vision.imaging import _pdfium

    rendered = []
    render = _pdfium.Document.render

    def spy(self, number, *rest):
        rendered.append(number)
        return render(self, number, *rest)

    monkeypatch.setattr(_pdfium.Document, "render", spy)
    pages = prepare_pages(THREE, 72)
    assert not rendered
    next(pages)
    assert rendered == [1]
    assert [page.size for page in itertools.islice(pages, 1)] == [(100, 300)]
    assert rendered == [1, 2]


def test_one_page_in_memory_at_a_time(monkeypatch):
    """The pixels of a page are released before the caller gets it."""
    from xai_vision.imaging import _pdfium

    alive = []
    render = _pdfium.Document.render

    def spy(self, *arguments):
        result = render(self, *arguments)
        alive.append(weakref.ref(result[0]))
        return result

    monkeypatch.setattr(_pdfium.Document, "render", spy)
    for number, _ in enumerate(prepare_pages(THREE, 72), start=1):
        gc.collect()
        assert [image() for image in alive] == [None] * number


def test_documents_are_closed():
    from xai_vision.imaging import _pdfium

    before = len(_pdfium._open_documents)
    started = prepare_pages(THREE, 72)
    next(started)
    never = prepare_pages(THREE, 72)
    assert len(_pdfium._open_documents) == before + 2
    started.close()
    del started, never
    gc.collect()
    list(prepare_pages(THREE, 72))
    with pytest.raises(InvalidRequestError):
        prepare_pages(THREE, pages=9)
    gc.collect()
    assert len(_pdfium._open_documents) == before


def test_a_page_left_open_prints_nothing_at_exit(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(THREE)
    code = (
        "import sys, xai_vision\n"
        "pages = xai_vision.prepare_pages(sys.argv[1])\n"
        "print(next(pages).source)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "a.pdf, page 1\n"
    assert done.stderr == ""


def test_threads_share_the_renderer():
    """PDFium crashes if two threads use it at a time."""
    document = pdf([Page((300, 300))] * 12)
    found = []

    def run():
        found.extend(page.sha256() for page in prepare_pages(document, 72))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 48
    assert len(set(found)) == 1


def test_filled_form_fields_are_rendered():
    """The value of a text field has no appearance of its own in the file."""
    field = (
        "/Annots [<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (WWWWWWWW) "
        "/Rect [20 50 180 90] /DA (/Helv 24 Tf 0 g) /F 4 >>]"
    )
    fonts = "<< /Font << /Helv << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    form = f"/AcroForm << /Fields [] /NeedAppearances true /DR {fonts} /DA (/Helv 0 Tf 0 g) >>"
    (empty,) = prepare_pages(pdf([Page()], catalog=form), 72)
    (filled,) = prepare_pages(pdf([Page(extra=field)], catalog=form), 72)
    dark = sum(value < 100 for value in filled.pil().convert("L").crop((20, 10, 180, 50)).tobytes())
    assert dark > 100
    assert min(empty.pil().convert("L").crop((20, 10, 180, 50)).tobytes()) == 255


# --- the selection of pages ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (None, [1, 2, 3]),
        (1, [1]),
        (-1, [3]),
        ([3, 1, 3], [3, 1, 3]),
        (range(1, 3), [1, 2]),
        (range(3, 0, -1), [3, 2, 1]),
        (slice(None), [1, 2, 3]),
        (slice(2, None), [2, 3]),
        (slice(None, 3), [1, 2]),
        (slice(-2, None), [2, 3]),
        (slice(2, 99), [2, 3]),
        (slice(None, None, -1), [3, 2, 1]),
        (slice(None, None, 2), [1, 3]),
        (slice(-9, None, 2), [1, 3]),
        (slice(None, None, -2), [3, 1]),
        (slice(3, 0, -1), [3, 2, 1]),
        ((number for number in (2, -2)), [2, 2]),
    ],
)
def test_page_numbers_begin_at_1(pages, expected):
    found = [page.source for page in prepare_pages(THREE, 72, pages)]
    assert found == [f"PDF, page {number}" for number in expected]


def test_page_numbers_of_numpy():
    np = pytest.importorskip("numpy")
    assert sizes(THREE, np.float32(72), np.array([3, 2])) == [(72, 72), (100, 300)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pages": 0}, ["no page 0", "begin at 1", "range(1, 4)"]),
        ({"pages": range(3)}, ["no page 0"]),
        ({"pages": slice(0, 2)}, ["slice from 0", "begin at 1"]),
        ({"pages": 4}, ["PDF has 3 pages", "page 4 does not exist"]),
        ({"pages": -4}, ["page -4 does not exist"]),
        ({"pages": range(1, 10**12)}, ["page 4 does not exist"]),
        ({"pages": []}, ["selects none of 3 pages"]),
        ({"pages": slice(5, 9)}, ["selects none of 3 pages"]),
        ({"pages": "1-3"}, ["page numbers, a range or a slice", "'1-3'"]),
        ({"pages": [1, "2"]}, ["'2'"]),
        ({"pages": 1.0}, ["1.0"]),
        ({"pages": True}, ["True"]),
        ({"pages": slice("a", None)}, ["slice is invalid"]),
        ({"pages": slice(None, None, 0)}, ["slice is invalid", "zero"]),
        ({"pages": itertools.repeat(1)}, ["more than 100 pages are selected", "max_pages="]),
        ({"max_pages": 2}, ["3 pages are selected", "the limit is 2", "pages="]),
        ({"max_pages": 0}, ["max_pages", "above 0"]),
        ({"dpi": 0}, ["dpi must be a number above 0"]),
        ({"dpi": "150"}, ["dpi", "'150'"]),
        ({"dpi": float("inf")}, ["dpi", "inf"]),
        ({"dpi": True}, ["dpi", "True"]),
        ({"password": b"x"}, ["password must be a string, not bytes"]),
        ({"detail": "huge"}, ["detail"]),
        ({"max_side": 0}, ["max_side"]),
        ({"name": 5}, ["name must be a string"]),
    ],
)
def test_invalid_options(options, words):
    """The errors are raised by the call, not by the loop."""
    with pytest.raises(InvalidRequestError) as caught:
        prepare_pages(THREE, **options)
    for word in words:
        assert word in str(caught.value)


def test_unknown_option():
    with pytest.raises(TypeError, match=r"prepare_pages\(\).*'page'.*pages"):
        prepare_pages(THREE, page=1)


# --- limits --------------------------------------------------------------------------------------


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
    assert sizes(document, 5, max_pixels=1_000_000) == [(1000, 1000)]


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


# --- what is refused -----------------------------------------------------------------------------


def test_encrypted_documents():
    document = pdf([Page()], password="secret")
    with pytest.raises(ImageReadError, match=r"a\.pdf: the PDF is encrypted\. .*password="):
        prepare_pages(document, name="a.pdf")
    with pytest.raises(ImageReadError, match=r"password does not open.*Check") as caught:
        prepare_pages(document, password="Secret")
    assert "Secret" not in str(caught.value)
    (page,) = prepare_pages(document, 144, password="secret")
    assert red_box(page.pil()) == (40, 120, 120, 180)
    assert sizes(THREE, 72, 1, password="not needed") == [(200, 100)]


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
    assert sizes(document, 72, [1, 3]) == [(200, 100), (72, 72)]


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
    except InvalidRequestError as error:
        assert str(error)  # noqa: PT017 - either result is right


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("origin", [(0, 0), (-30, 45)])
def test_places_in_points(rotate, origin):
    x, y = origin
    box = (x + 20, y + 10, x + 60, y + 40)
    (page,) = prepare_pages(pdf([Page(box=box, origin=origin, rotate=rotate)]), 144, max_side=300)
    red = red_box(page.pil())
    wide, high = (200, 100) if rotate in (0, 180) else (100, 200)
    shown = page.to_source(red, None)
    expected = {
        0: (20, 60, 60, 90),
        90: (10, 20, 40, 60),
        180: (140, 10, 180, 40),
        270: (60, 140, 90, 180),
    }[rotate]
    assert close(shown, expected, 1)
    assert close(page.to_source(red, None, upright=False), box, 1)
    assert page.to_source((1000, 1000)) == (wide, high)
    assert page.to_source((0, 0)) == (0, 0)
    assert pickle.loads(pickle.dumps(page)).to_source((500, 500)) == (wide / 2, high / 2)


def test_crop_box():
    """The page is what viewers show, and the PDF's coordinates are those of the whole page."""
    (page,) = prepare_pages(pdf([Page(extra="/CropBox [10 5 110 55]")]), 144)
    assert page.size == (200, 100)
    assert red_box(page.pil()) == (20, 30, 100, 90)
    assert page.to_source((20, 30, 100, 90), None) == (10, 15, 50, 45)
    assert page.to_source((20, 30, 100, 90), None, upright=False) == (20, 10, 60, 40)


def test_tiles_of_a_page():
    (page,) = prepare_pages(pdf([Page((600, 800), (500, 20, 580, 60))]), 144)
    last = list(page.tiles(500))[-1]
    assert close(last.to_source(red_box(last.pil()), None), (500, 740, 580, 780), 0.5)
    assert close(last.to_source(red_box(last.pil()), None, upright=False), (500, 20, 580, 60), 0.5)
