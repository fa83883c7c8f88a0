"""prepare_pages(): the pages of a PDF as images."""

from __future__ import annotations

import builtins
import gc
import itertools
import subprocess
import sys
import threading
import weakref

import pytest

from tests.imaging.pages.pdf_files import THREE, Page, page_sizes, pdf
from tests.imaging.places.marked_images import red_box
from xai_vision import Client, prepare_pages
from xai_vision.chat import image, user
from xai_vision.errors import InvalidRequestError
from xai_vision.testing import FakeServer

pytest.importorskip("pypdfium2")


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
    assert page_sizes(pdf([Page((72, 144))])) == [(150, 300)]


def test_sides_in_pixels_are_exact():
    """595.2 points are 1240 pixels at 150 dpi, though not in floats of 32 bits."""
    assert page_sizes(pdf([Page((595.2, 841.92)), Page((595.3, 841.9))])) == [
        (1240, 1754),
        (1241, 1754),
    ]


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
