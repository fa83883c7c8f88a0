"""The page of a TIFF that is sent, and camera RAW files."""

from __future__ import annotations

import pytest

from tests.imaging.formats.tiff_files import TiffImage, tiff_file
from xai_vision.chat import image, user
from xai_vision.imaging import (
    DecompressionBombError,
    ImageFormatError,
    ImageTruncatedError,
    NotAnImageError,
    decode,
    prepare_image,
    read_header,
)

REDUCED, MASK = {254: (1,)}, {254: (4,)}


def page(width, height, gray, tags=None, photometric=1, inner=()):
    """Build a page of one gray value."""
    pixels = [bytes([gray]) * (width * height)]
    return TiffImage(width, height, pixels, photometric, (8,), tags or {}, inner)


FULL = page(120, 80, 200)
SMALL = page(16, 12, 60, REDUCED)
SENSOR = page(120, 80, 9, photometric=32803)

RAW_FILES = {
    "NEF": tiff_file(page(16, 12, 60, REDUCED, inner=[FULL])),
    "NEF, big-endian": tiff_file(page(16, 12, 60, REDUCED, inner=[SMALL, SENSOR]), order=">"),
    "DNG": tiff_file(page(16, 12, 60, REDUCED, inner=[SENSOR])),
    "DNG without a preview": tiff_file(SENSOR),
    "linear DNG": tiff_file(page(120, 80, 9, photometric=34892)),
    "CR2": tiff_file(page(90, 60, 60), SMALL, start=b"CR\x02\0" + bytes(4)),
    "an unmarked preview": tiff_file(page(16, 12, 60, inner=[FULL])),
    "an old mark": tiff_file(page(16, 12, 60, {255: (2,)}, inner=[FULL])),
    "a preview and a mask": tiff_file(page(16, 12, 60, REDUCED, inner=[FULL]), page(8, 8, 1, MASK)),
}


@pytest.mark.parametrize("name", RAW_FILES)
@pytest.mark.parametrize("read", [prepare_image, read_header, decode])
def test_camera_raw_files_are_refused(name, read):
    with pytest.raises(ImageFormatError, match="camera RAW file") as caught:
        read(RAW_FILES[name])
    assert "reduced preview" in str(caught.value)
    assert "Export a JPEG" in caught.value.remedy
    assert "rawpy" in caught.value.remedy


@pytest.mark.parametrize(
    "start",
    [
        b"FUJIFILMCCD-RAW 0201",
        b"IIU\0\x08\0\0\0",
        b"IIRO\x08\0\0\0",
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        b"FOVb\0\0\2\0",
        b"\0MRM\0\0\0\0",
    ],
)
def test_camera_raw_files_of_other_formats(start):
    with pytest.raises(NotAnImageError, match="looks like a camera RAW file") as caught:
        prepare_image(start + bytes(200))
    assert "Export a JPEG" in caught.value.remedy


def test_a_truncated_raw_file_is_not_sent_as_its_preview():
    beyond = 100_000
    data = tiff_file(page(16, 12, 60, REDUCED | {330: (beyond,)}))
    for read in (prepare_image, read_header):
        with pytest.raises(ImageTruncatedError, match="truncated"):
            read(data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("mark", [REDUCED, MASK, {255: (2,)}, {254: (5,)}])
def test_a_reduced_copy_before_the_image_is_skipped(client, server, order, mark):
    data = tiff_file(page(16, 12, 60, mark), FULL, order=order)
    client.chat.create("grok-4", messages=[user("Look.", image(data))]).sample()
    sent = server.calls.last.images[0]
    assert (sent.width, sent.height) == (120, 80)
    assert sent.pil().getpixel((5, 5)) == 200
    assert read_header(data).size == decode(data).size == (120, 80)
    assert prepare_image(data).lossless


@pytest.mark.parametrize(
    ("pages", "size", "lossless"),
    [
        ([FULL], (120, 80), True),
        ([FULL, SMALL, SMALL], (120, 80), True),
        ([FULL, page(120, 80, 1, MASK)], (120, 80), False),
        ([FULL, FULL], (120, 80), False),
        ([SMALL, FULL, FULL], (120, 80), False),
        ([SMALL, SMALL, FULL], (120, 80), True),
        ([SMALL], (16, 12), True),
        ([page(16, 12, 60), FULL], (16, 12), False),
        ([page(120, 80, 60, inner=[SMALL, page(60, 40, 60)])], (120, 80), True),
    ],
)
def test_which_page_is_sent(pages, size, lossless):
    prepared = prepare_image(tiff_file(*pages))
    assert prepared.size == size
    reported = "only the first of its frames or pages is sent" in map(str, prepared.changes)
    assert (prepared.lossless, reported) == (lossless, not lossless)


def test_the_orientation_of_a_later_page():
    data = tiff_file(SMALL, page(120, 80, 200, {274: (6,)}))
    assert read_header(data).size == decode(data).size == prepare_image(data).size == (80, 120)


def test_the_limit_of_pixels_applies_to_the_page_that_is_sent():
    with pytest.raises(DecompressionBombError, match="120x80"):
        prepare_image(tiff_file(SMALL, FULL), max_pixels=9000)
    with pytest.raises(DecompressionBombError, match="120x80"):
        decode(tiff_file(SMALL, FULL), max_pixels=9000)


def test_a_circle_of_pages_ends():
    data = bytearray(tiff_file(SMALL))
    data[-4:] = data[4:8]
    assert prepare_image(bytes(data)).size == (16, 12)
