"""Pillow's modes I and F: values of 0..255, other ranges, and floats that are not finite."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from xai_vision.chat import image, user
from xai_vision.imaging import ImageFormatError, prepare_image

VALUES = [29, 76, 150, 255]


def row(values, mode):
    result = Image.new(mode, (len(values), 1))
    for x, value in enumerate(values):
        result.putpixel((x, 0), value)
    return result


def sent(prepared):
    pixels = prepared.pil()
    return pixels.mode, [pixels.getpixel((x, 0)) for x in range(pixels.width)]


def test_integers_of_8_bits_stay_8_bits():
    for source in (
        row(VALUES, "L").convert("I"),
        Image.fromarray(np.array([VALUES], np.int32)),
        io.BytesIO(tiff_of(row(VALUES, "I"))),
    ):
        prepared = prepare_image(source)
        assert sent(prepared) == ("L", VALUES)
        assert prepared.lossless
        assert "32-bit integers in 0..255 converted to 8 bits" in map(str, prepared.changes)


def tiff_of(image):
    out = io.BytesIO()
    image.save(out, "TIFF")
    return out.getvalue()


def test_floats_of_8_bits_are_scaled_to_16_bits():
    prepared = prepare_image(row([*VALUES, 0.5], "F"))
    assert sent(prepared) == ("I;16", [29 * 257, 76 * 257, 150 * 257, 65535, 129])
    assert "values from 0 to 255 scaled to 16 bits" in map(str, prepared.changes)
    assert not prepared.lossless


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 256, 65535], [0, 256, 65535]),
        ([-255, 0, 255], [0, 32768, 65535]),
        ([0, 65536, 131072], [0, 32768, 65535]),
    ],
)
def test_other_integers_are_16_bits(values, expected):
    assert sent(prepare_image(row(values, "I"))) == ("I;16", expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 1], [0, 32768, 65535]),
        ([0.25, 0.25, 0.25], [16384] * 3),
        ([-1, 0, 1], [0, 32768, 65535]),
        ([0, 500, 1000], [0, 32768, 65535]),
    ],
)
def test_other_floats_are_scaled(values, expected):
    assert sent(prepare_image(row(values, "F"))) == ("I;16", expected)


def test_a_dark_ppm_of_16_bits_stays_dark():
    """Pillow decodes it to mode I, where values of 0..255 are bytes otherwise."""
    data = b"P5 3 1 65535\n" + bytes([0, 0, 0, 100, 0, 255])
    for source in (data, Image.open(io.BytesIO(data))):
        assert sent(prepare_image(source)) == ("I;16", [0, 100, 255])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [(0, 0), (3, 3), (7, 8)])
@pytest.mark.parametrize("others", [0.5, 100, 1e30])
def test_floats_that_are_not_finite_are_rejected_anywhere(value, position, others):
    array = np.full((8, 9), others, np.float32)
    array[position] = value
    for source in (Image.fromarray(array), io.BytesIO(tiff_of(Image.fromarray(array)))):
        with pytest.raises(ImageFormatError, match="floats that are not finite") as caught:
            prepare_image(source)
        assert "Replace infinities and NaN" in caught.value.remedy


def test_large_finite_floats_are_accepted():
    array = np.full((100, 300), 3e38, np.float32)
    assert prepare_image(Image.fromarray(array)).size == (300, 100)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_the_server_receives_the_brightness(mode, server, client):
    gray = Image.new("L", (64, 48), 255).convert(mode)
    client.chat.create("grok-4.5").append(user("Which color?", image(gray))).sample()
    assert server.calls.last.images[0].colors == ("white",)
