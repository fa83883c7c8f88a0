"""Thumbnails of images: small, upright, encoded again, without metadata."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.sample_images import SAMPLES, rotated_jpeg, sample
from tests.testing.grpc_calls import image_part, open_caller
from tests.testing.inspector.inspector_calls import get, view_of
from xai_vision.testing import FakeServer


def send(caller, server, data):
    caller.sample("Look", image_part(data))
    return server.calls.last


def thumbnail(server, call, size="thumb"):
    answer = get(server, f"calls/{call._id:016x}/images/0/{size}")
    assert answer.status == 200, answer.text
    image = Image.open(io.BytesIO(answer.body))
    image.load()
    return image


def png(mode, size=(40, 20), color=None, **options):
    file = io.BytesIO()
    Image.new(mode, size, color or 0).save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith((".jpg", ".png"))])
def test_samples(server, caller, name):
    try:
        call = send(caller, server, sample(name))
    except Exception:
        assert server.calls.last.status == "INVALID_ARGUMENT"  # The service refuses some samples.
        assert not server.calls.last.images
        return
    for size, side in (("thumb", 320), ("full", 1600)):
        image = thumbnail(server, call, size)
        assert max(image.size) <= side
        assert image.format in ("JPEG", "PNG")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(server, caller, orientation):
    call = send(caller, server, rotated_jpeg(orientation))
    image = thumbnail(server, call)
    stored = call.images[0]
    turned = orientation >= 5
    width, height = (stored.height, stored.width) if turned else (stored.width, stored.height)
    assert (image.width > image.height) == (width > height)
    assert view_of(server)["images"][0]["orientation"] == orientation
    assert image.getexif() == {}
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_modes(server, caller, mode):
    assert thumbnail(server, send(caller, server, png(mode))).size == (40, 20)


def test_transparency_stays(server, caller):
    image = thumbnail(server, send(caller, server, png("RGBA", color=(255, 0, 0, 0))))
    assert image.format == "PNG"
    assert image.convert("RGBA").getpixel((3, 3))[3] == 0


def test_16_bits_are_not_white(server, caller):
    image = thumbnail(server, send(caller, server, png("I;16", color=128 * 256)))
    assert abs(image.convert("L").getpixel((3, 3)) - 128) <= 2


def test_metadata_of_a_png_is_left_out(server, caller):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "secret text in the file")
    call = send(caller, server, png("RGB", pnginfo=info))
    assert b"secret" not in get(server, f"calls/{call._id:016x}/images/0/full").body


def test_large_images_become_small(server, caller):
    call = send(caller, server, png("RGB", (3000, 1500)))
    assert thumbnail(server, call).size == (320, 160)
    assert thumbnail(server, call, "full").size == (1600, 800)


@pytest.mark.parametrize("path", ["images/1/thumb", "images/x/thumb", "earlier/0/thumb"])
def test_images_that_do_not_exist(server, caller, path):
    call = send(caller, server, png("RGB"))
    answer = get(server, f"calls/{call._id:016x}/{path}")
    assert answer.status == 404
    assert answer.text == "The log does not have this image.\n"


@pytest.mark.parametrize("path", ["images/0/huge", "images/0", "images/0/thumb/", "other/0/thumb"])
def test_other_paths(server, caller, path):
    call = send(caller, server, png("RGB"))
    answer = get(server, f"calls/{call._id:016x}/{path}")
    assert (answer.status, answer.text) == (404, "There is no such page.\n")


def test_an_image_that_is_not_stored():
    with FakeServer(inspect=True, keep_image_bytes=0) as server, open_caller(server) as caller:
        call = send(caller, server, png("RGB", color=(1, 2, 3)))
        assert get(server, f"calls/{call._id:016x}/images/0/thumb").status == 404
        assert view_of(server)["images"][0]["orientation"] is None
