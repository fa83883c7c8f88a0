"""TIFFs that Pillow misreads arrive with the right values, or are refused."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from tests.imaging.formats.tiff_files import TiffImage, tiff_file
from xai_vision.chat import image, user
from xai_vision.imaging import (
    ImageCorruptError,
    ImageFormatError,
    ImageTruncatedError,
    decode,
    prepare_image,
)

WIDTH, HEIGHT = 64, 48
RAMP = np.tile(np.linspace(0, 65535, WIDTH).astype(np.uint16), (HEIGHT, 1))
ORDERS = pytest.mark.parametrize("order", ["<", ">"])
COMPRESSION = pytest.mark.parametrize("compression", [1, 8])
ROWS = 10
KEYS = {"u": 1, "i": 2, "f": 3}


def strips(pixels, order, compression):
    """Split an array into strips of ten rows."""
    stored = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(order)))
    parts = [stored[row : row + ROWS].tobytes() for row in range(0, len(pixels), ROWS)]
    return [zlib.compress(part) if compression == 8 else part for part in parts]


def tiff_of(pixels, order="<", compression=1, photometric=1, **tags):
    """Build a TIFF of a gray array."""
    return tiff_file(
        TiffImage(
            pixels.shape[1],
            pixels.shape[0],
            strips(pixels, order, compression),
            photometric,
            (8 * pixels.itemsize,),
            {
                259: (compression,),
                278: (ROWS,),
                339: (KEYS[pixels.dtype.kind],),
                **{int(tag[1:]): values for tag, values in tags.items()},
            },
        ),
        order=order,
    )


def sent_pixels(client, server, source):
    """Send an image; return the pixels that the server received."""
    client.chat.create("grok-4", messages=[user("Look.", image(source))]).sample()
    return np.asarray(server.calls.last.images[0].pil())


@ORDERS
@COMPRESSION
def test_white_is_zero_at_16_bits(client, server, order, compression):
    data = tiff_of(RAMP, order, compression, photometric=0)
    pixels = sent_pixels(client, server, data)
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, 65535 - RAMP)
    assert prepare_image(data).lossless
    assert np.array_equal(np.asarray(decode(data)), 65535 - RAMP)


@ORDERS
@COMPRESSION
def test_white_is_zero_at_8_bits(client, server, order, compression):
    gray = (RAMP >> 8).astype(np.uint8)
    pixels = sent_pixels(client, server, tiff_of(gray, order, compression, photometric=0))
    assert np.array_equal(pixels, 255 - gray)


@ORDERS
@COMPRESSION
@pytest.mark.parametrize("photometric", [0, 1])
def test_the_orientation_of_16_bits(order, compression, photometric):
    data = tiff_of(RAMP, order, compression, photometric, t274=(6,))
    expected = np.rot90(RAMP if photometric else 65535 - RAMP, -1)
    assert np.array_equal(np.asarray(prepare_image(data).pil()), expected)


def planes_file(planes, order, compression, tile=None, **tags):
    """Build a TIFF with a plane for each channel."""
    tags = {int(tag[1:]): values for tag, values in tags.items()}
    tags |= {259: (compression,), 284: (2,)}
    if tile is None:
        tags[278] = (ROWS,)
        parts = [part for plane in planes for part in strips(plane, order, compression)]
    else:
        tags |= {322: (tile,), 323: (tile,)}
        parts = []
        for plane in planes:
            padded = np.pad(plane, [(0, -size % tile) for size in plane.shape])
            for row in range(0, HEIGHT, tile):
                for column in range(0, WIDTH, tile):
                    block = padded[row : row + tile, column : column + tile]
                    stored = block.astype(block.dtype.newbyteorder(order)).tobytes()
                    parts.append(zlib.compress(stored) if compression == 8 else stored)
    bits = (8 * planes[0].itemsize,) * len(planes)
    return tiff_file(TiffImage(WIDTH, HEIGHT, parts, 2, bits, tags), order=order)


@ORDERS
@COMPRESSION
@pytest.mark.parametrize("tile", [None, 16, 48])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("bits", [8, 16])
def test_planes_of_channels(client, server, order, compression, tile, channels, bits):
    planes = [RAMP, RAMP[:, ::-1], RAMP // 2, RAMP // 3 + 9][:channels]
    expected = np.stack([plane >> 8 for plane in planes], axis=-1)
    if bits == 8:
        planes = [(plane >> 8).astype(np.uint8) for plane in planes]
    alpha = {"t338": (2,)} if channels == 4 else {}
    data = planes_file(planes, order, compression, tile, **alpha)
    assert np.array_equal(sent_pixels(client, server, data), expected)
    reduced = "16 bits per channel reduced to 8" in map(str, prepare_image(data).changes)
    assert reduced == (bits == 16)


@ORDERS
@COMPRESSION
@pytest.mark.parametrize("scale", [1, 257])
def test_the_values_of_a_color_map(client, server, order, compression, scale):
    rising = [value * scale for value in range(256)]
    colors = rising + rising[::-1] + [0] * 256
    data = tiff_of((RAMP >> 8).astype(np.uint8), order, compression, 3, t320=colors)
    client.chat.create("grok-4", messages=[user("Look.", image(data))]).sample()
    sent = server.calls.last.images[0].pil().convert("RGB")
    assert [sent.getpixel((x, 0)) for x in (0, WIDTH - 1)] == [(0, 255, 0), (255, 0, 0)]
    assert prepare_image(data).lossless


@ORDERS
@COMPRESSION
@pytest.mark.parametrize("kind", ["int16", "int32", "float32"])
def test_signed_integers_and_floats(order, compression, kind):
    pixels = (RAMP / 65535).astype(kind) if kind == "float32" else RAMP.astype("int32") - 32768
    sent = np.asarray(prepare_image(tiff_of(pixels.astype(kind), order, compression)).pil())
    assert np.abs(sent.astype(int) - RAMP).max() <= 1


def test_12_bits_are_scaled_to_16():
    values = np.linspace(0, 4095, WIDTH).astype(int)
    row = b"".join(
        bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in values.reshape(-1, 2).tolist()
    )
    for photometric, expected in ((1, values), (0, 4095 - values)):
        data = tiff_file(TiffImage(WIDTH, 1, [row], photometric, (12,)))
        sent = np.asarray(prepare_image(data).pil())[0]
        assert np.abs(sent / 65535 - expected / 4095).max() < 1 / 65535


FLOATS = (RAMP / 65535).astype(np.float32)
RGB_BYTES = [bytes(WIDTH * HEIGHT * 3)]


@ORDERS
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda order: tiff_of(FLOATS.astype(np.float64), order), "64-bit floats"),
        (lambda order: tiff_of(FLOATS.astype(np.float16), order), "16-bit floats"),
        (lambda order: tiff_of(FLOATS, order, photometric=0), "32-bit floats"),
        (lambda order: tiff_of(RAMP.astype(np.int8), order), "8-bit signed integers"),
        (lambda order: tiff_of(RAMP.astype(np.uint32) << 16, order), "32-bit unsigned integers"),
        (lambda order: planes_file([FLOATS] * 3, order, 1), "32-bit"),
        (lambda order: planes_file([RAMP] * 3, order, 1, t266=(2,)), "16-bit"),
        (lambda order: planes_file([RAMP] * 4, order, 8), "4 per pixel"),
        (lambda order: planes_file([RAMP] * 4, order, 1, t338=(0,)), "4 per pixel"),
        (lambda order: planes_file([RAMP] * 4, order, 1, t338=(1,)), "4 per pixel"),
        (lambda order: tiff_of(RAMP, order, t259=(34712,)), "compression 34712"),
        (lambda order: tiff_of(RAMP, order, t259=(50001,)), "compression 50001"),
        (
            lambda order: tiff_file(
                TiffImage(WIDTH, HEIGHT, RGB_BYTES, 6, (8,) * 3, {278: (HEIGHT,)}), order=order
            ),
            "photometric interpretation 6",
        ),
    ],
)
def test_unsupported_kinds(make, words, order):
    with pytest.raises(ImageFormatError, match="not supported by the installed Pillow") as caught:
        prepare_image(make(order))
    assert words in str(caught.value)
    assert "Convert it to JPEG or PNG" in caught.value.remedy
    assert "array of uint8" in caught.value.remedy


def test_a_pam_file_is_unsupported():
    header = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    with pytest.raises(ImageFormatError, match="does not support this kind of PPM") as caught:
        prepare_image(header + bytes(6))
    assert "Save it as JPEG or PNG" in caught.value.remedy


def test_damaged_data_is_still_corrupt():
    data = tiff_of(RAMP, compression=8)
    damaged = data.replace(zlib.compress(RAMP[:ROWS].tobytes())[:40], bytes(40), 1)
    with pytest.raises(ImageCorruptError) as caught:
        prepare_image(damaged)
    assert "again" in caught.value.remedy
    with pytest.raises(ImageTruncatedError, match="truncated"):
        prepare_image(struct.pack("<2sHI", b"II", 42, 4000) + data[8:500])
