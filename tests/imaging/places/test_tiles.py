"""tiles(): overlapping crops that know their place."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests import sample_images
from tests.imaging.places.marked_images import ORIENTATIONS, SIDES, close, file_of, marked, red_box
from xai_vision import prepare_image
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging._places import TileGrid


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
