"""Images with a palette keep it when they are converted to PNG."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.sample_images import builders
from xai_vision.imaging import prepare_image


def change_text(prepared):
    return ", ".join(map(str, prepared.changes))


@pytest.mark.parametrize("colors", [2, 4, 16, 200])
@pytest.mark.parametrize("name", ["BMP", "TIFF", "GIF"])
def test_palettes_are_preserved(name, colors):
    image = builders.photo(64, 48).quantize(colors)
    prepared = prepare_image(builders.encode(image, name))
    assert (prepared.format, prepared.pil().mode, prepared.lossless) == ("PNG", "P", True)
    assert prepared.pil().convert("RGB").tobytes() == image.convert("RGB").tobytes()
    if name == "BMP":
        assert prepare_image(image).read() == prepared.read()


@pytest.mark.parametrize("transparency", [1, b"\xff\x80\x00\x40"])
def test_the_transparency_of_a_palette_is_preserved(transparency):
    image = builders.corners().quantize(4)
    image.info["transparency"] = transparency
    prepared = prepare_image(image)
    assert prepared.pil().mode == "P"
    assert prepared.pil().convert("RGBA").tobytes() == image.convert("RGBA").tobytes()
    small = prepare_image(image, max_side=image.width // 2)
    assert small.pil().mode == "RGBA"
    assert "palette expanded to RGBA" in change_text(small)


def test_a_palette_with_missing_colors():
    image = Image.new("P", (4, 4))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((3, 3), 1)
    image.putpixel((0, 0), 200)
    expected = image.convert("RGB").tobytes()
    assert prepare_image(image).pil().convert("RGB").tobytes() == expected


def test_a_palette_with_alpha():
    image = Image.new("RGBA", (40, 20), (1, 2, 3, 100)).quantize(8)
    assert image.palette.mode == "RGBA"
    assert prepare_image(image).pil().convert("RGBA").getpixel((0, 0)) == (1, 2, 3, 100)


def test_a_palette_is_expanded_only_if_needed():
    image = builders.noise(300, 300).convert("RGB").quantize(64)
    palette_size = prepare_image(image).size_bytes
    assert palette_size < 100_000
    for name in ("BMP", "GIF"):  # RGB would not fit.
        fitting = prepare_image(builders.encode(image, name), limit=palette_size)
        assert (fitting.format, fitting.lossless) == ("PNG", True)
    lossy = prepare_image(image, limit=palette_size - 1, fit=True)
    assert lossy.format == "JPEG"
    assert "palette expanded to RGB" in change_text(lossy)
