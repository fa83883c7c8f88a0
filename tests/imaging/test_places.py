"""Answers about places: to_source(), tiles() and draw()."""

from __future__ import annotations

import io
import pickle
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tests import sample_images
from xai_vision import prepare_image
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import ImageReadError
from xai_vision.imaging._placement import Placement
from xai_vision.imaging._places import TileGrid, fractions

RED = (255, 0, 0)
SIDES = st.integers(1, 5000)
SHARES = st.floats(0, 1)
ORIENTATIONS = range(1, 9)


def marked(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """Return a white image with a red box."""
    image = Image.new("RGB", size, "white")
    image.paste(RED, box)
    return image


def red_box(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box of the red pixels; half red counts, because of resizing."""
    green = image.convert("RGB").getchannel("G").point(lambda value: 255 * (value < 128))
    box = green.getbbox()
    assert box is not None
    return box


def file_of(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def close(left, right, by: float) -> bool:
    return all(abs(a - b) <= by for a, b in zip(left, right, strict=True))


# --- scales --------------------------------------------------------------------------------------


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


# --- through what was done to the image ----------------------------------------------------------


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


# --- tiles ---------------------------------------------------------------------------------------


@given(SIDES, SIDES, st.integers(1, 900), st.floats(0, 0.5))
def test_tiles_cover_every_pixel(width, height, max_side, overlap):
    grid = TileGrid((width, height), max_side, overlap)
    for side, spans in ((width, grid._columns), (height, grid._rows)):
        assert spans[0][0] == 0
        assert spans[-1][1] == side
        lengths = {stop - start for start, stop in spans}
        assert len(lengths) == 1
        assert lengths.pop() <= max_side
        for (_, stop), (start, _) in pairwise(spans):
            assert stop - start >= int(overlap * max_side)
        if len(spans) > 1:  # one less would not do
            fewer = len(spans) - 1
            assert fewer * max_side - (fewer - 1) * int(overlap * max_side) < side


@pytest.mark.parametrize("max_side", [None, 500])
def test_tiles(max_side):
    box = (930, 610, 970, 640)
    whole = prepare_image(file_of(marked((1000, 700), box)), name="plan.png", max_side=max_side)
    tiles = list(whole.tiles(200, 0.2))
    assert len(tiles) == (30 if max_side is None else 6)
    assert tiles[1].source == f"plan.png, tile 2 of {len(tiles)}"
    assert all(max(tile.size) <= 200 for tile in tiles)
    assert tiles[-1].format == "PNG"
    assert tiles[0].to_source((0, 0)) == (0, 0)
    assert tiles[-1].to_source((1000, 1000)) == (999, 699)
    assert "cut out: x " in str(tiles[0].changes[-2])
    assert close(tiles[-1].to_source(red_box(tiles[-1].pil()), None), box, 2 if max_side else 0)


def test_tiles_of_a_rotated_photo():
    """The orientation is applied once, and tiles of tiles know their place."""
    whole = prepare_image(sample_images.rotated_jpeg(6, 480, 320))
    tiles = list(whole.tiles(200))
    assert tiles[0].pil().getpixel((3, 3))[0] > 200  # red at the top left
    assert tiles[0].orientation == 1
    parts = list(tiles[-1].tiles(100))
    assert parts[-1].to_source((1000, 1000)) == (479, 319)
    assert whole.to_source((1000, 1000), upright=False) == (319, 0)
    assert parts[-1].to_source((1000, 1000), upright=False) == (319, 0)


def test_pixels_of_tiles_are_those_of_the_image():
    whole = prepare_image(sample_images.png(640, 400))
    pixels = whole.pil()
    for tile in whole.tiles(150):
        box = tile.to_source((0, 0, 1, 1), 1)
        assert tile.pil().convert("RGB").tobytes() == pixels.convert("RGB").crop(box).tobytes()


def test_small_image_is_its_only_tile():
    image = prepare_image(sample_images.jpeg())
    assert list(image.tiles()) == [image]
    (smaller,) = image.tiles(max_bytes=5000)
    assert smaller.size_bytes <= 5000
    assert smaller.to_source((1000, 1000)) == (639, 479)


def test_tiles_are_made_one_at_a_time(monkeypatch):
    from xai_vision.imaging._pillow import tiles as module

    made = []
    encode = module.encode_tile
    monkeypatch.setattr(module, "encode_tile", lambda *all: made.append(1) or encode(*all))
    tiles = prepare_image(Image.new("L", (3000, 3000))).tiles(1000)
    assert not made
    next(tiles)
    assert len(made) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"max_side": 0}, ["max_side", "above 0"]),
        ({"max_side": 1.5}, ["max_side"]),
        ({"overlap": 0.6}, ["overlap must be a number from 0 to 0.5", "0.6"]),
        ({"overlap": 100}, ["overlap", "part of a tile's side"]),
        ({"overlap": None}, ["overlap", "None"]),
        ({"overlap": -0.1}, ["overlap"]),
        ({"max_bytes": 0}, ["max_bytes"]),
    ],
)
def test_invalid_tiles(arguments, words):
    """The error is raised by the call, not by the loop."""
    with pytest.raises(InvalidRequestError) as caught:
        prepare_image(Image.new("L", (9, 9))).tiles(**arguments)
    for word in words:
        assert word in str(caught.value)


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from(ORIENTATIONS), st.data())
def test_tiles_agree_with_the_whole(width, height, orientation, data):
    """A point has one place in the source, whether it is found in the whole or in a tile."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = file_of(Image.new("L", (width, height)), exif=exif)
    whole = prepare_image(source, max_side=data.draw(st.sampled_from([None, 7, 40])))
    tiles = list(whole.tiles(data.draw(st.integers(4, 50)), data.draw(st.floats(0, 0.5))))
    tile = data.draw(st.sampled_from(tiles))
    x = data.draw(st.integers(0, tile.width - 1))
    y = data.draw(st.integers(0, tile.height - 1))
    left, top = 0, 0
    if tile is not whole:
        what = next(str(change) for change in tile.changes if "cut out" in str(change))
        left, _, top, _ = map(int, re.findall(r"\d+", what))
    for upright in (True, False):
        found = tile.to_source((x, y), None, upright=upright)
        assert found == whole.to_source((left + x, top + y), None, upright=upright)


# --- drawing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["white", "black", "yellow", "gray"])
def test_drawn_box_is_visible(ground):
    image = prepare_image(Image.new("RGB", (400, 300), ground))
    plain = image.pil()
    drawn = image.draw([(250, 250, 750, 750)])
    assert drawn.mode == "RGB"
    assert drawn.size == (400, 300)
    edge = ImageChops.difference(plain, drawn).crop((97, 150, 104, 151))
    assert max(high for _, high in edge.getextrema()) > 100
    assert drawn.getpixel((200, 150)) == plain.getpixel((0, 0))  # the content stays visible
    assert drawn.getpixel((50, 50)) == plain.getpixel((0, 0))
    assert image.pil().tobytes() == plain.tobytes()


def test_drawn_point_and_labels():
    image = prepare_image(Image.new("RGB", (400, 300), "white"))
    bare = image.draw([(500, 500), (100, 100, 900, 900)])
    assert bare.getpixel((200, 150)) != (255, 255, 255)
    labeled = image.draw([(500, 500), (100, 100, 900, 900)], ["knob", None])
    changed = ImageChops.difference(bare, labeled).getbbox()
    assert changed is not None
    assert changed[3] <= 150  # above the point
    assert image.draw((500, 500)).tobytes() == image.draw([(500, 500)]).tobytes()
    assert image.draw([]).tobytes() == image.pil().tobytes()
    assert image.draw([(200, 150)], scale=None).tobytes() == image.draw([(500, 500)]).tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_drawing_in_every_mode(mode):
    image = prepare_image(Image.new(mode, (90, 60)))
    drawn = image.draw([(0, 0, 1000, 1000), (999, 0)], ["a\nb", "long label " * 9])
    assert drawn.mode == "RGB"
    assert drawn.size == (90, 60)


def test_drawing_on_a_rotated_and_a_tiny_image():
    image = prepare_image(sample_images.rotated_jpeg(6, 480, 320))
    assert image.draw([(0, 0)]).size == (480, 320)
    assert prepare_image(Image.new("L", (1, 1))).draw([(0, 0, 1, 1)], ["x"], 1).size == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([(1, 2)], ["a", "b"]), ["2 labels for 1 boxes"]),
        (([(1, 2)], 5), ["labels must be a list", "5"]),
        (([(1, 2)], [5]), ["labels must be strings", "5"]),
        ((5,), ["boxes must be a list", "5"]),
        (("box",), ["boxes must be a list"]),
        (([(1, 2), (1, 2, 3)],), ["boxes[1] has 3 values"]),
        (([(1, 2), "a"],), ["boxes[1] must be numbers"]),
        (([(9, 9, 5, 5)],), ["boxes[0]: x0"]),
    ],
)
def test_invalid_drawing(arguments, words):
    with pytest.raises(InvalidRequestError) as caught:
        prepare_image(Image.new("L", (9, 9))).draw(*arguments)
    for word in words:
        assert word in str(caught.value)


def test_pixel_limit_of_paths(tmp_path: Path):
    """A file is mapped without decoding it."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(sample_images.jpeg())
    prepared = prepare_image(path)
    path.unlink()
    assert prepared.to_source((500, 500)) == (320, 240)
    with pytest.raises(ImageReadError, match=r"photo\.jpg.*not found"):
        next(prepared.tiles(100))
