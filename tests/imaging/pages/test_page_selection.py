"""prepare_pages(): the selection of pages, and other options."""

from __future__ import annotations

import itertools

import pytest

from tests.imaging.pages.pdf_files import THREE, page_sizes
from xai_vision import prepare_pages
from xai_vision.errors import InvalidRequestError

pytest.importorskip("pypdfium2")


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
    assert page_sizes(THREE, np.float32(72), np.array([3, 2])) == [(72, 72), (100, 300)]


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
