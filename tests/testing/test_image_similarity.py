"""How far apart pictures look, and which are near by match.near."""

from __future__ import annotations

import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from examples.images import encode, photo
from tests.sample_images import jpeg, png, sample
from tests.testing.grpc_calls import picture
from xai_vision.testing import match
from xai_vision.testing._rules.image_similarity import SIDE, LabThumbnail

colours = st.tuples(*[st.integers(0, 255)] * 3)
swatches = st.binary(min_size=SIDE * SIDE * 3, max_size=SIDE * SIDE * 3)


def flat(colour, size=(60, 40)):
    return Image.new("RGB", size, colour)


def look(image):
    """What is seen of a picture once it is a file: by the log's own way."""
    return LabThumbnail(match._inspect(encode(image, "PNG")).thumbnail)


def text_page(step):
    """A white page with dark lines, each as long as ``step`` has it."""
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
def test_scaled_and_encoded_anew_is_near(image, size, file_format, change):
    other = Image.open(io.BytesIO(encode(image.resize(size), file_format, **change)))
    assert look(image).distance(look(other.convert("RGB"))) < 9


def test_others_are_not():
    there = {
        "photo": photo(),
        "chart": Image.open(io.BytesIO(png())),
        "page": text_page(3),
        "other page": text_page(7),
        **{name: flat(name) for name in ("red", "blue", "white", "black", "grey", "pink")},
    }
    looks = {name: look(image.convert("RGB")) for name, image in there.items()}
    apart = {
        pair: looks[pair[0]].distance(looks[pair[1]]) for pair in itertools.combinations(looks, 2)
    }
    assert min(apart.values()) > 10, min(apart, key=apart.get)


@pytest.mark.parametrize("name", ["photo.jpg", "chart.png"])
def test_inverted_mirrored_and_grey_ones_are_others(name):
    image = Image.open(io.BytesIO(jpeg() if name == "photo.jpg" else png()))
    image = image.convert("RGB")
    changed = [ImageOps.invert(image), ImageOps.mirror(image), ImageOps.grayscale(image)]
    for other in changed:
        assert look(image).distance(look(other.convert("RGB"))) > 10


@settings(max_examples=60, deadline=None)
@given(swatches, swatches)
def test_a_distance(one, other):
    a, b = LabThumbnail(one), LabThumbnail(other)
    assert a.distance(b) == b.distance(a)
    assert 0 <= a.distance(b) <= 100
    assert a.distance(LabThumbnail(one)) < 1e-6


@settings(max_examples=60, deadline=None)
@given(colours, colours)
def test_flat_colours_are_apart_by_how_they_are_seen(one, other):
    apart = look(flat(one)).distance(look(flat(other)))
    # A step of a few in 255 is hardly seen; opposite ends of any channel are.
    steps = [abs(a - b) for a, b in zip(one, other, strict=True)]
    if max(steps) <= 2:
        assert apart < 10
    if min(steps) >= 128:
        assert apart > 10


@settings(max_examples=40, deadline=None)
@given(colours)
def test_inverting_a_flat_colour_is_seen_unless_it_is_grey(colour):
    if max(abs(2 * value - 255) for value in colour) > 100:
        assert look(flat(colour)).distance(look(ImageOps.invert(flat(colour)))) > 10


def test_what_is_transparent_is_seen_on_white():
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert look(clear).distance(look(flat("white"))) == 0


def test_through_the_wire(server, ask):
    server.on(image=match.near(encode(flat("red"), "PNG"))).reply("red")
    blue = server.on(image=match.near(encode(flat("blue"), "PNG"))).reply("blue")
    assert ask.text(picture(encode(flat("#ff0505", (300, 200)), "JPEG"))) == "red"
    assert ask.text(picture(encode(flat("#0505ff", (300, 200)), "JPEG"))) == "blue"
    assert ask.text(picture(sample("photo.jpg"))) not in ("red", "blue")
    call = server.calls.last
    assert server.calls.where(image=match.near(call.images[0])).last is call
    near = match.near(encode(flat("blue"), "PNG"), 100)
    assert near.mismatch(call.images[0]) is None
    said = blue.mismatches(call)[0]
    assert ", but image 1: its visual distance is " in said
    assert "(0 is the same, 100 is black and white), more than 10" in said
