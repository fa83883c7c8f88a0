"""to_source(): from places in the image that is sent to those in its source."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests import sample_images
from tests.imaging.places.marked_images import ORIENTATIONS, SIDES, close, file_of, marked, red_box
from xai_vision import prepare_image
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import ImageReadError
from xai_vision.imaging._placement import Placement
from xai_vision.imaging._places import fractions

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("box", "scale", "expected"),
    [
        ((250, 500, 750, 1000), 1000, (160, 240, 480, 480)),
        ([0.25, 0.5, 0.75, 1], 1, (160, 240, 480, 480)),
        ((25, 50, 75, 100), 100, (160, 240, 480, 480)),
        ((160, 240, 480, 480), None, (160, 240, 480, 480)),
        ((160, 240, 480, 480), "pixels", (160, 240, 480, 480)),
        ((80, 60, 240, 120), (320, 120), (160, 240, 480, 480)),
        ((500, 500), 1000, (320, 240)),
        ((1000, 1000), 1000, (639, 479)),  # the last pixel
        ((0, 0), 1000, (0, 0)),
        ((0, 0, 1000, 1000), 1000, (0, 0, 640, 480)),
        ((333, 333, 333, 333), 1000, (213, 159, 214, 160)),  # never without pixels
        ((1000, 1000, 1000, 1000), 1000, (639, 479, 640, 480)),
        ((1, 1, 2, 2), 1000, (0, 0, 2, 1)),  # all pixels that the box touches
        ((-20, 0, 1050, 1000), 1000, (0, 0, 640, 480)),  # moved to the edge
    ],
)
def test_scale(box, scale, expected):
    image = prepare_image(Image.new("RGB", (640, 480)))
    result = image.to_source(box, scale)
    assert result == expected
    assert all(isinstance(value, int) for value in result)


def test_numbers_of_numpy():
    np = pytest.importorskip("numpy")
    image = prepare_image(Image.new("RGB", (640, 480)))
    assert image.to_source(np.array([250, 500, 750, 1000])) == (160, 240, 480, 480)
    assert image.to_source(np.array([0.5, 0.5], "float32"), np.float64(1)) == (320, 240)


@pytest.mark.parametrize(
    ("box", "scale", "words"),
    [
        ("1,2,3,4", 1000, ["box must be numbers", "'1,2,3,4'", "(x0, y0, x1, y1)"]),
        (7, 1000, ["box must be numbers", "7"]),
        ((1, 2, 3), 1000, ["box has 3 values", "(x, y)"]),
        ([[1, 2], [3, 4]], 1000, ["finite numbers", "list"]),
        (("1", "2"), 1000, ["finite numbers", "'1'"]),
        ((1, float("nan")), 1000, ["finite numbers", "nan"]),
        ((1, 10**400), 1000, ["finite numbers"]),
        ((True, 2), 1000, ["finite numbers", "True"]),
        ((600, 0, 200, 10), 1000, ["x0 is greater than x1", "(600, 0, 200, 10)", "left, top"]),
        ((0, 60, 20, 10), 1000, ["y0 is greater than y1"]),
        ((0, 0, 1400, 900), 1000, ["outside of 0..1000", "scale=None", "640x480"]),
        ((-200, 0, 40, 90), 1000, ["outside of 0..1000"]),
        ((0, 0, 5, 5), 1, ["outside of 0..1"]),
        ((0, 0, 900, 480), None, ["outside of the 640x480 pixels", "scale=1000"]),
        ((0, 0, 900, 480), (640, 480), ["outside of 640x480"]),
        ((0.1, 0.2, 0.5, 0.75), 1000, ["looks like coordinates in 0..1", "scale=1."]),
        ((1, 2), 0, ["scale must be", "not 0"]),
        ((1, 2), -5, ["scale must be"]),
        ((1, 2), True, ["scale must be"]),
        ((1, 2), "points", ["scale must be", "'points'"]),
        ((1, 2), (1, 2, 3), ["scale must be", "tuple"]),
        ((1, 2), object(), ["scale must be", "object"]),
    ],
)
def test_invalid_boxes(box, scale, words):
    image = prepare_image(Image.new("RGB", (640, 480)))
    with pytest.raises(InvalidRequestError) as caught:
        image.to_source(box, scale)
    for word in words:
        assert word in str(caught.value)


def test_url_has_no_places():
    image = prepare_image("https://example.com/a.jpg")
    for use in (lambda: image.to_source((1, 2)), image.tiles, lambda: image.draw([])):
        with pytest.raises(ImageReadError, match=r"is a URL.*Download"):
            use()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("options", [{}, {"max_side": 100}, {"upright": True}])
def test_orientation(orientation, options):
    """The box is red in the file, as it is stored and as it is shown."""
    source = sample_images.rotated_jpeg(orientation, 480, 320)  # red at the top left
    prepared = prepare_image(source, **options)
    upright = prepared.to_source((10, 10, 200, 200))
    assert upright == (4, 3, 96, 64)
    stored = prepared.to_source((10, 10, 200, 200), upright=False)
    pixels = Image.open(io.BytesIO(source)).convert("RGB")
    part = pixels.crop(stored)
    assert sorted(part.size) == [61, 92]
    assert part.getpixel((30, 30))[0] > 200
    assert part.getpixel((30, 30))[2] < 60
    x, y = prepared.to_source((30, 30), upright=False)
    assert pixels.getpixel((x, y))[0] > 200


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_stored_places_are_the_inverse_of_pillows_turns(orientation):
    stored = Image.new("L", (7, 4))
    stored.putdata(range(28))
    exif = Image.Exif()
    exif[0x0112] = orientation
    prepared = prepare_image(file_of(stored, exif=exif))
    upright = prepared.pil()
    for y in range(upright.height):
        for x in range(upright.width):
            found = prepared.to_source((x, y), None, upright=False)
            assert stored.getpixel(found) == upright.getpixel((x, y))
            box = prepared.to_source((x, y, x + 1, y + 1), None, upright=False)
            assert stored.crop(box).tobytes() == bytes([upright.getpixel((x, y))])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("options", [{}, {"max_side": 24}, {"orientation": "ignore"}])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_stored_places_of_every_format(file_format, options, orientation):
    """The colors of the corners are found in the file as it is stored."""
    stored = sample_images.builders.corners(48, 32)
    exif = Image.Exif()
    exif[0x0112] = orientation
    prepared = prepare_image(file_of(stored, file_format, exif=exif), **options)
    sent = prepared.pil().convert("RGB")
    for x, y in ((100, 100), (900, 100), (100, 900)):
        seen = sent.getpixel((x * sent.width // 1000, y * sent.height // 1000))
        assert close(stored.getpixel(prepared.to_source((x, y), upright=False)), seen, 40)


def test_ignored_orientation():
    source = sample_images.rotated_jpeg(6, 480, 320)
    for options in ({}, {"max_side": 100}):
        prepared = prepare_image(source, orientation="ignore", **options)
        for upright in (True, False):
            assert prepared.to_source((0, 0, 1000, 1000), upright=upright) == (0, 0, 320, 480)


@given(SIDES, SIDES, st.sampled_from(ORIENTATIONS), SHARES, SHARES)
def test_a_point_there_and_back(width, height, orientation, x, y):
    placement = Placement.of_image(width, height, orientation)
    wide, high = placement.size
    point = placement.locate((x, y), upright=True)
    assert close(point, (x * wide, y * high), 1.001)
    assert 0 <= point[0] < wide
    assert 0 <= point[1] < high
    column, row = placement.locate((x, y), upright=False)
    assert 0 <= column < width
    assert 0 <= row < height


@given(SIDES, SIDES, st.data())
def test_a_box_of_the_source_there_and_back(width, height, data):
    """A box in pixels, sent as 0..1000, comes back with all its pixels and at most one more."""
    left = data.draw(st.integers(0, width - 1))
    top = data.draw(st.integers(0, height - 1))
    right = data.draw(st.integers(left + 1, width))
    bottom = data.draw(st.integers(top + 1, height))
    box = (left, top, right, bottom)
    answer = [1000 * value / side for value, side in zip(box, (width, height) * 2, strict=True)]
    placement = Placement.of_image(width, height, 1)
    sent = fractions(answer, (1000, 1000), (320, 240))
    assert placement.locate(sent, upright=True) == box


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize(
    "options", [{"max_side": 150}, {"max_bytes": 9000}, {"strip_metadata": True}]
)
def test_resized_images(file_format, options):
    box = (400, 120, 700, 300)
    source = file_of(marked((900, 600), box), file_format)
    prepared = prepare_image(source, **options)
    assert close(prepared.to_source(red_box(prepared.pil()), None), box, 900 / prepared.width)


def test_an_image_that_is_prepared_again_keeps_its_source():
    first = prepare_image(Image.new("RGB", (1000, 500)), max_side=100)
    again = prepare_image(prepare_image(first, max_side=50), max_bytes=500)
    assert again.size == (50, 25)
    assert again.to_source((500, 500)) == (500, 250)
    assert pickle.loads(pickle.dumps(again)).to_source((500, 500)) == (500, 250)


def test_a_file_is_mapped_without_reading_it(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(sample_images.jpeg())
    prepared = prepare_image(path)
    path.unlink()
    assert prepared.to_source((500, 500)) == (320, 240)
    with pytest.raises(ImageReadError, match=r"photo\.jpg.*not found"):
        next(prepared.tiles(100))
