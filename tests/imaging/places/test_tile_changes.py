"""A tile says what it lacks of an image that was prepared unchanged."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from tests.imaging.orientation.turned_files import encode, scene
from xai_vision.imaging import prepare_image


def deep_png(channels, value):
    """Build a PNG of 16 bits per channel, which Pillow cannot write in color."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", 60, 40, 16, color, 0, 0, 0)
    rows = (b"\0" + struct.pack(">H", value) * channels * 60) * 40
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def several(name):
    file = io.BytesIO()
    first, second = (Image.new("RGB", (60, 40), color) for color in ("red", "blue"))
    first.save(file, name, save_all=True, append_images=[second])
    return file.getvalue()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_tiles_of_16_bit_color_are_reduced(channels):
    whole = prepare_image(deep_png(channels, 0x1234))
    assert whole.lossless
    for tile in whole.tiles(40):
        assert not tile.lossless
        assert "16 bits per channel reduced to 8" in map(str, tile.changes)
        assert set(tile.pil().getextrema()) == {(0x12, 0x12)}


def test_tiles_of_16_bit_gray_keep_all_bits():
    for tile in prepare_image(deep_png(1, 0x1234)).tiles(40):
        assert tile.lossless
        assert tile.pil().getpixel((0, 0)) == 0x1234


@pytest.mark.parametrize("name", ["PNG", "MPO"])
def test_tiles_of_several_images_are_those_of_the_first(name):
    whole = prepare_image(several(name))
    assert whole.multi_image
    assert whole.lossless
    for tile in whole.tiles(40):
        assert [str(change) for change in tile.changes if change.lossy] == [
            "only the first of its images is sent"
        ]
        assert tile.pil().convert("RGB").getpixel((0, 0))[0] > 250


def test_tiles_of_one_image_are_lossless():
    for tile in prepare_image(encode(scene(), "JPEG", 6)).tiles(20):
        assert tile.lossless
