"""PDF files on the command line."""

from __future__ import annotations

import pytest

pytest.importorskip("click")
pytest.importorskip("pypdfium2")

from tests.imaging.pages.pdf_files import Page, pdf

THREE = [Page((72, 72)), Page((144, 72)), Page((72, 144))]


@pytest.fixture
def report(folder):
    path = folder / "report.pdf"
    path.write_bytes(pdf(THREE))
    return path


def sizes(server) -> list[tuple[int, int]]:
    return [(image.width, image.height) for image in server.calls.last.images]


def test_pages_are_sent_as_images(xai_in_process, server, report):
    result = xai_in_process("ask", "Summarize", "report.pdf", "photo.jpg")
    assert result.code == 0, result.err
    assert sizes(server) == [(150, 150), (300, 150), (150, 300), (640, 480)]
    assert "report.pdf, page 2: page 2 of 3 rendered at 150 dpi" in result.err


def test_selected_pages(xai_in_process, server, report):
    report.rename(report.with_name("REPORT.PDF"))
    options = ("--pages", "3, 1-2", "--dpi", "72", "--max-side", "100")
    result = xai_in_process("ask", "Summarize", "REPORT.PDF", *options)
    assert result.code == 0, result.err
    assert sizes(server) == [(50, 100), (72, 72), (100, 50)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report.pdf", "--pages", "x"], ["'x' is not a page", "1-3"]),
        (["report.pdf", "--pages", "3-1"], ["'3-1'"]),
        (["report.pdf", "--pages", "1,"], ["''"]),
        (["report.pdf", "--pages", "4"], ["report.pdf has 3 pages; page 4 does not exist."]),
        (["report.pdf", "--pages", "0"], ["there is no page 0."]),
        (["report.pdf", "--pages", "1-999999999"], ["page 4 does not exist."]),
        (["photo.jpg", "--pages", "1"], ["--pages selects pages of PDF files"]),
        (["report.pdf", "--dpi", "0"], ["--dpi"]),
        (["report.pdf", "--dpi", "20000"], ["report.pdf, page 1: ", "Pass --dpi 8000 or less."]),
        (["locked.pdf"], ["locked.pdf: the PDF is encrypted. Save it without a password."]),
        (["photo.pdf"], ["photo.pdf: it is an image (JPEG), not a PDF. Name it with"]),
        (["none.pdf"], ["none.pdf: file not found"]),
        (["many.pdf"], ["many.pdf: 101 pages are selected; the limit is 100. Select fewer with"]),
    ],
)
def test_refused(xai_in_process, server, folder, report, arguments, words):
    (folder / "locked.pdf").write_bytes(pdf([Page()], password="x"))
    (folder / "photo.pdf").write_bytes((folder / "photo.jpg").read_bytes())
    (folder / "many.pdf").write_bytes(pdf([Page()] * 101))
    result = xai_in_process("ask", "Summarize", *arguments)
    assert result.code != 0
    assert not server.calls
    message = " ".join(result.err.split())
    for word in words:
        assert word in message
    for python in ("pages=", "dpi=", "prepare_", "range(", "max_pages"):
        assert python not in message


def test_other_commands_name_the_way(xai_in_process, report):
    result = xai_in_process("inspect", "report.pdf", "--offline")
    assert result.code != 0
    assert "`xai-vision ask` sends the pages of a .pdf file" in " ".join(result.out.split())
