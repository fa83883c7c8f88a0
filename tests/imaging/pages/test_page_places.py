"""Places in the pages of a PDF, in points."""

from __future__ import annotations

import pickle

import pytest

from tests.imaging.pages.pdf_files import Page, pdf
from tests.imaging.places.marked_images import close, red_box
from xai_vision import prepare_pages

pytest.importorskip("pypdfium2")


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
