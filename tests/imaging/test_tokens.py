"""Token estimates: ranges, and where they come from."""

from __future__ import annotations

import pytest

from tests.sample_images import jpeg, rotated_jpeg
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import TokenEstimate, estimate_tokens, prepare_image


@pytest.mark.parametrize(
    ("width", "height", "likely"),
    [
        (1, 1, 512),
        (448, 448, 512),
        (449, 448, 768),
        (640, 480, 1280),
        (896, 896, 1280),
        (1344, 896, 1792),
        (8000, 8000, 1792),
    ],
)
def test_full_tiling(width, height, likely):
    for detail in ("auto", "high"):
        estimate = estimate_tokens(width, height, detail)
        assert (estimate.low, estimate.likely, estimate.high) == (256, likely, 1792)
        assert "448x448" in estimate.source


def test_low_detail_is_one_tile_for_any_size():
    for size in ((1, 1), (9000, 9000), (None, None)):
        estimate = estimate_tokens(*size, "low")
        assert (estimate.low, estimate.likely, estimate.high) == (256, 256, 512)


def test_an_image_of_unknown_size():
    estimate = prepare_image("https://example.com/a.jpg").tokens
    assert (estimate.low, estimate.likely, estimate.high) == (256, 1792, 1792)
    assert "unknown" in estimate.source


def test_the_estimate_uses_the_detail_of_the_image():
    prepared = prepare_image(jpeg(), detail="low")
    assert prepared.tokens.likely == 256
    assert prepared.estimate("high").likely == 1280
    assert prepare_image(rotated_jpeg(6, 900, 400)).tokens == estimate_tokens(900, 400)


def test_sums():
    first, second = estimate_tokens(640, 480), estimate_tokens(None, None)
    total = sum([first, second])
    assert (total.low, total.likely, total.high) == (512, 3072, 3584)
    assert sum([first, first]).source == first.source
    assert (first + 100).likely == 1380
    assert sum([], start=TokenEstimate(0, 0, 0, "")).likely == 0
    assert str(first) == "about 1280 tokens (256 to 1792)"


@pytest.mark.parametrize("detail", ["auto", "low"])
@pytest.mark.parametrize("value", [0, -5, 1.5, float("nan"), "1", True])
def test_invalid_sides(value, detail):
    for other in (5, None):
        with pytest.raises(InvalidRequestError, match="width must be an integer above 0"):
            estimate_tokens(value, other, detail)
        with pytest.raises(InvalidRequestError, match="height must be an integer above 0"):
            estimate_tokens(other, value, detail)


def test_an_invalid_detail():
    with pytest.raises(InvalidRequestError, match="'auto', 'low' or 'high'"):
        estimate_tokens(5, 5, "medium")
