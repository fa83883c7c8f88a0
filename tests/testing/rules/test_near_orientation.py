"""match.near compares images with their orientation applied, as the client's conversion does."""

from __future__ import annotations

import pytest
from PIL import Image, PngImagePlugin, features

from examples.images import encode
from tests.sample_images import builders
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision import prepare_image
from xai_vision.testing import FakeServer, match
from xai_vision.testing._settings import FORMATS

UPRIGHT = builders.photo(320, 200)


def xmp(orientation):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
        f'tiff:Orientation="{orientation}"/></rdf:RDF></x:xmpmeta>'
    )


def save(kind, image, orientation):
    """Save an image whose file says that it has this orientation."""
    if kind == "TIFF":
        return encode(image, "TIFF", tiffinfo={builders.ORIENTATION: orientation})
    if kind == "JPEG with XMP":
        return encode(image, "JPEG", quality=95, xmp=xmp(orientation).encode())
    if kind == "PNG with XMP":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", xmp(orientation))
        return encode(image, "PNG", pnginfo=texts)
    return encode(image, kind, quality=95, exif=builders.exif(orientation))


KINDS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "JPEG with XMP", "PNG with XMP"]


@pytest.fixture(scope="module")
def lenient():
    with (
        FakeServer(image_formats=FORMATS, unmatched="error", unused="allow") as server,
        open_caller(server) as caller,
    ):
        yield server, caller


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_an_image_matches_its_upright_copy(lenient, kind, orientation):
    if kind == "AVIF" and "avif" not in features.modules:
        pytest.skip("this Pillow has no AVIF")
    server, caller = lenient
    server.clear()
    transposition = builders._STORED[orientation]
    stored = UPRIGHT if transposition is None else UPRIGHT.transpose(transposition)
    rotated, upright = save(kind, stored, orientation), encode(UPRIGHT, "PNG")
    server.on(prompt="upright", image=match.near(rotated, 6)).reply("same")
    server.on(prompt="rotated", image=match.near(upright, 6)).reply("same")
    assert caller.text("upright", image_part(upright)) == "same"
    assert caller.text("rotated", image_part(rotated)) == "same"
    # A logged image is compared in the same way as bytes.
    assert len(server.calls.where(image=match.near(server.calls.last.images[0], 6))) == 2


@pytest.mark.parametrize("orientation", range(2, 9))
def test_pixels_without_the_orientation_do_not_match(lenient, orientation):
    server, caller = lenient
    server.clear()
    stored = UPRIGHT.transpose(builders._STORED[orientation])
    rule = server.on(image=match.near(encode(UPRIGHT, "PNG"))).reply("same")
    status, details = caller.expect_error(image_part(encode(stored, "PNG")))
    assert status == "FAILED_PRECONDITION"
    assert "its visual distance is" in details
    assert rule.uses == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phone_photo_matches_what_prepare_image_makes_of_it(lenient, orientation):
    server, caller = lenient
    server.clear()
    photo = builders.rotated_jpeg(orientation, 480, 320)
    small = prepare_image(photo, max_side=128).read()
    server.on(image=match.near(photo)).reply("the photo")
    assert caller.text(image_part(small)) == "the photo"


def test_an_invalid_orientation_counts_as_upright(lenient):
    server, caller = lenient
    server.clear()
    server.on(image=match.near(encode(UPRIGHT, "PNG"))).reply("same")
    for kind in ("JPEG", "JPEG with XMP", "PNG with XMP"):
        assert caller.text(image_part(save(kind, UPRIGHT, 9))) == "same"


def test_a_file_that_only_pillow_can_read_keeps_its_orientation(lenient):
    """The thumbnail of a GIF has no orientation, and its header is read by Pillow alone."""
    server, caller = lenient
    server.clear()
    server.on(image=match.near(encode(UPRIGHT, "PNG"))).reply("same")
    gif = encode(UPRIGHT.convert("P", palette=Image.Palette.ADAPTIVE), "GIF")
    assert caller.text(image_part(gif)) == "same"
