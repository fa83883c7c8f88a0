"""The visual distance between images, and match.near."""

from __future__ import annotations

import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from examples.images import encode, photo
from tests.sample_images import jpeg, png, sample
from tests.testing.grpc_calls import image_part
from xai_vision.testing import match
from xai_vision.testing._rules.image_similarity import SIDE, LabThumbnail

colors = st.tuples(*[st.integers(0, 255)] * 3)
swatches = st.binary(min_size=SIDE * SIDE * 3, max_size=SIDE * SIDE * 3)


def flat(color, size=(60, 40)):
    return Image.new("RGB", size, color)


def thumbnail(image):
    """Return the thumbnail that the log would keep of the image."""
    return LabThumbnail(match._inspect(encode(image, "PNG")).thumbnail)


def text_page(step):
    """Draw a white page with dark lines, whose lengths depend on ``step``."""
    page = Image.new("RGB", (400, 500), "white")
    for line in range(20):
        length = 60 + line * step * 37 % 300
        page.paste((20, 20, 20), (40, 30 + line * 22, 40 + length, 38 + line * 22))
    return page


@pytest.mark.parametrize(
    ("file_format", "change"),
    [
        ("JPEG", {"quality": 20}),
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("WEBP", {"quality": 40}),
        ("GIF", {}),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "size",
    [(640, 480), (160, 120), pytest.param((900, 600), marks=pytest.mark.slow), (64, 64)],
    ids=str,
)
@pytest.mark.parametrize(
    "image", [photo(), text_page(3), flat("red")], ids=["photo", "page", "red"]
)
def test_a_scaled_and_reencoded_image_is_near(image, size, file_format, change):
    other = Image.open(io.BytesIO(encode(image.resize(size), file_format, **change)))
    assert thumbnail(image).distance(thumbnail(other.convert("RGB"))) < 9


def test_other_images_are_not_near():
    images = {
        "photo": photo(),
        "chart": Image.open(io.BytesIO(png())),
        "page": text_page(3),
        "other page": text_page(7),
        **{name: flat(name) for name in ("red", "blue", "white", "black", "gray", "pink")},
    }
    thumbnails = {name: thumbnail(image.convert("RGB")) for name, image in images.items()}
    distances = {
        pair: thumbnails[pair[0]].distance(thumbnails[pair[1]])
        for pair in itertools.combinations(thumbnails, 2)
    }
    assert min(distances.values()) > 10, min(distances, key=distances.get)


@pytest.mark.parametrize("name", ["photo.jpg", "chart.png"])
def test_inverted_mirrored_and_gray_images_are_not_near(name):
    image = Image.open(io.BytesIO(jpeg() if name == "photo.jpg" else png()))
    image = image.convert("RGB")
    changed = [ImageOps.invert(image), ImageOps.mirror(image), ImageOps.grayscale(image)]
    for other in changed:
        assert thumbnail(image).distance(thumbnail(other.convert("RGB"))) > 10


@settings(max_examples=60, deadline=None)
@given(swatches, swatches)
def test_distance_is_symmetric_and_bounded(first, second):
    a, b = LabThumbnail(first), LabThumbnail(second)
    assert a.distance(b) == b.distance(a)
    assert 0 <= a.distance(b) <= 100
    assert a.distance(LabThumbnail(first)) < 1e-6


@settings(max_examples=60, deadline=None)
@given(colors, colors)
def test_the_distance_of_flat_colors_follows_perception(first, second):
    distance = thumbnail(flat(first)).distance(thumbnail(flat(second)))
    # A few steps of 255 are hardly visible; half the range of every channel is.
    steps = [abs(a - b) for a, b in zip(first, second, strict=True)]
    if max(steps) <= 2:
        assert distance < 10
    if min(steps) >= 128:
        assert distance > 10


@settings(max_examples=40, deadline=None)
@given(colors)
def test_an_inverted_flat_color_is_not_near_unless_gray(color):
    if max(abs(2 * value - 255) for value in color) > 100:
        assert thumbnail(flat(color)).distance(thumbnail(ImageOps.invert(flat(color)))) > 10


def test_transparent_pixels_are_compared_on_white():
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert thumbnail(clear).distance(thumbnail(flat("white"))) == 0


def test_a_rule_with_match_near(server, caller):
    server.on(image=match.near(encode(flat("red"), "PNG"))).reply("red")
    blue = server.on(image=match.near(encode(flat("blue"), "PNG"))).reply("blue")
    assert caller.text(image_part(encode(flat("#ff0505", (300, 200)), "JPEG"))) == "red"
    assert caller.text(image_part(encode(flat("#0505ff", (300, 200)), "JPEG"))) == "blue"
    assert caller.text(image_part(sample("photo.jpg"))) not in ("red", "blue")
    call = server.calls.last
    assert server.calls.where(image=match.near(call.images[0])).last is call
    near = match.near(encode(flat("blue"), "PNG"), 100)
    assert near.mismatch(call.images[0]) is None
    message = blue.mismatches(call)[0]
    assert ", but image 1: its visual distance is " in message
    assert "(0 is the same, 100 is black and white), more than 10" in message
