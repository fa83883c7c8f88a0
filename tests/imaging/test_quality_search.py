"""The best quality and size within a number of bytes, found with few encodings."""

from __future__ import annotations

import io
import random
import struct

import pytest
from PIL import Image

from examples.drawings import chart, photo, scan
from tests.imaging.formats.avif_files import P3
from tests.sample_images import builders
from xai_vision.imaging import ImageTooLargeError, prepare_image
from xai_vision.imaging._color.color_space import from_cicp
from xai_vision.imaging._color.icc_profile import icc_profile
from xai_vision.imaging._pillow import encode

IMAGES = {
    "photo": lambda: photo(1200, 900, 1),
    "small photo": lambda: photo(320, 200, 2),
    "gray photo": lambda: photo(640, 480, 3).convert("L"),
    "chart": lambda: chart(900, 600),
    "scan": lambda: scan(800, 1000),
    "noise": lambda: Image.effect_noise((500, 400), 90).convert("RGB"),
    "strip": lambda: photo(2000, 90, 4),
}
PROFILE = icc_profile(from_cicp(*P3), gray=False)


def jpeg_size(image, quality):
    return len(builders.encode(image, "JPEG", quality=quality, subsampling=0))


@pytest.fixture(params=IMAGES)
def image(request):
    return IMAGES[request.param]()


@pytest.fixture
def encodings(monkeypatch):
    """The sizes and qualities of whole images that were encoded as JPEG."""
    calls = []
    to_jpeg = encode.to_jpeg

    def counted(pixels, max_bytes, quality):
        calls.append((pixels.image.size, quality))
        return to_jpeg(pixels, max_bytes, quality)

    monkeypatch.setattr(encode, "to_jpeg", counted)
    return calls


def fit(image, max_bytes):
    """Return the pixel size, quality and file of an image encoded as JPEG."""
    pixels = encode.PixelBuffer(image)
    data, quality = encode.encode(pixels, max_bytes, lossless=False, may_shrink=True)
    assert len(data) <= max_bytes
    with Image.open(io.BytesIO(data)) as result:
        result.load()
        assert result.size == pixels.image.size
    return pixels.image.size, quality, data


@pytest.mark.parametrize("highest", [85, 86, 88, 90, 93, 94, 95])
def test_the_highest_quality_that_fits_is_found_with_at_most_four_encodings(
    image, highest, encodings
):
    size, quality, data = fit(image, jpeg_size(image, highest))
    assert (size, quality) == (image.size, highest)
    assert len(data) == jpeg_size(image, highest)
    assert len(encodings) <= 4


@pytest.mark.parametrize("part", [0.7, 0.4, 0.15, 0.05])
def test_as_many_pixels_as_fit_are_found_with_few_encodings(image, part, encodings):
    max_bytes = max(1500, int(part * jpeg_size(image, 85)))
    size, quality, data = fit(image, max_bytes)
    assert len(data) >= 0.85 * max_bytes
    assert 85 <= quality <= 95
    assert len(encodings) <= 6
    larger = image.resize([round(side * 1.15) for side in size], Image.Resampling.BICUBIC)
    assert jpeg_size(larger, 85) > max_bytes


def test_a_prepared_image_has_the_highest_quality_that_fits(encodings):
    data = builders.encode(photo(1600, 1200, 5), "JPEG", quality=98)
    with Image.open(io.BytesIO(data)) as image:
        sizes = {q: len(builders.encode(image, "JPEG", quality=q)) for q in (89, 90)}
    prepared = prepare_image(data, max_bytes=sizes[90] - 1)
    assert prepared.size == (1600, 1200)
    assert prepared.size_bytes == sizes[89]
    assert "encoded as JPEG of quality 89" in map(str, prepared.changes)
    assert len(encodings) <= 4


def test_content_that_a_sample_misses_is_found():
    image = Image.new("RGB", (1024, 1024), "white")
    # Noise only at the edges, where no sample is taken.
    noise = Image.effect_noise((1024, 40), 90).convert("RGB")
    image.paste(noise, (0, 0))
    image.paste(noise, (0, 984))
    for highest in (86, 91, 94):
        _, quality, _ = fit(image, jpeg_size(image, highest))
        assert quality == highest


def test_a_color_profile_counts():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = photo(300, 200, 6)
    with_profile = builders.encode(image, "JPEG", quality=90, subsampling=0, icc_profile=profile)
    pixels = encode.PixelBuffer(image, profile=profile)
    data, quality = encode.encode(pixels, len(with_profile), lossless=False, may_shrink=True)
    assert (quality, len(data)) == (90, len(with_profile))


def test_a_single_pixel_that_does_not_fit_is_an_error():
    with pytest.raises(ImageTooLargeError, match="cannot be encoded in 100 bytes") as caught:
        fit(photo(300, 200, 7), 100)
    assert "max_bytes=" in caught.value.remedy


def test_more_pixels_than_jpeg_allows_are_reduced():
    strip = Image.new("L", (70_000, 4), 200)
    size, quality, _ = fit(strip, 20_000)
    assert size == (65_500, 3)
    assert quality == 95


def large_profile(start):
    """Pad an ICC profile to 100,000 bytes, which cannot be compressed."""
    return struct.pack(">I", 100_000) + start[4:] + random.Random(1).randbytes(100_000 - len(start))


@pytest.mark.parametrize(
    ("profile", "color", "change"),
    [
        (
            large_profile(PROFILE),
            (215, 93, 31),
            "colors converted to sRGB because of the size of their profile",
        ),
        (large_profile(PROFILE[:128]), (200, 100, 50), "color profile dropped because of its size"),
    ],
    ids=["valid", "only a header"],
)
def test_a_large_profile_is_applied_and_left_out(profile, color, change):
    orange = Image.new("RGB", (300, 200), (200, 100, 50))
    source = builders.encode(orange, "PNG", icc_profile=profile, compress_level=0)
    prepared = prepare_image(source, max_bytes=20_000)
    assert change in [str(each) for each in prepared.changes if each.lossy]
    result = prepared.pil()
    assert "icc_profile" not in result.info
    pixel = result.getpixel((5, 5))
    assert all(abs(a - b) <= 2 for a, b in zip(pixel, color, strict=True)), pixel
