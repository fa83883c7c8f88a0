"""orientation="ignore" removes the orientation without turning the pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.imaging.orientation.turned_files import (
    BY_HAND,
    ORIENTATIONS,
    TURN,
    difference,
    encode,
    reference,
    scene,
    sent,
)
from tests.sample_images import jpeg, png
from xai_vision.imaging import (
    prepare_image,
    read_header,
)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_an_ignored_orientation_is_removed_without_loss(orientation, name):
    data = encode(scene(), name, orientation)
    prepared = prepare_image(data, orientation="ignore")
    assert prepared.lossless
    assert prepared.size == (48, 32)
    assert prepared.orientation == read_header(prepared.read()).orientation == 1
    assert str(prepared.changes[0]) == f"EXIF orientation {orientation} ignored"
    assert sent(prepared).tobytes() == Image.open(io.BytesIO(data)).tobytes()
    assert prepared.pil().tobytes() == sent(prepared).tobytes()
    assert prepare_image(data, orientation="ignore", upright=True).read() == prepared.read()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name", ["WEBP", "TIFF"])
def test_an_ignored_orientation_of_other_formats(orientation, name):
    data = encode(scene(), name, orientation, **({"lossless": True} if name == "WEBP" else {}))
    prepared = prepare_image(data, orientation="ignore")
    assert prepared.size == (48, 32)
    assert sent(prepared).tobytes() == scene().tobytes()


def test_an_upright_file_with_an_ignored_orientation_is_sent_unchanged():
    for data in (jpeg(), png()):
        assert prepare_image(data, orientation="ignore").read() == data


def test_an_ignored_orientation_applies_to_resized_images_too():
    data = encode(scene(), "JPEG", 6)
    assert prepare_image(data, orientation="ignore", max_side=24).size == (24, 16)


@pytest.mark.parametrize("orientation", BY_HAND)
@pytest.mark.parametrize("source", ["transpose", "rotate", "resized"])
def test_a_pillow_image_that_the_program_has_turned(orientation, source):
    """The tag survives these functions of Pillow, so only the program knows if it still applies."""
    image = Image.open(io.BytesIO(encode(scene(), "JPEG", orientation, quality=95)))
    upright = ImageOps.exif_transpose(image)
    if source == "rotate":
        angle = {6: -90, 8: 90, 3: 180}[orientation]
        by_hand = image.rotate(angle, expand=True)
    else:
        by_hand = image.transpose(BY_HAND[orientation])
    if source == "resized":
        by_hand, upright = by_hand.resize((60, 60)), upright.resize((60, 60))
    prepared = prepare_image(by_hand, orientation="ignore")
    assert prepared.size == upright.size
    assert prepared.lossless
    assert difference(sent(prepared), upright) < 1
    assert not any("orientation" in str(change) for change in prepared.changes)
    turned_twice = prepare_image(by_hand)
    assert f"applied EXIF orientation {orientation}" in map(str, turned_twice.changes)


def test_ways_to_turn_a_pillow_image_that_need_no_option():
    data = encode(scene(), "JPEG", 6, quality=95)
    expected = reference(data)
    image = Image.open(io.BytesIO(data))
    for function in (lambda image: image, lambda image: image.convert("RGB")):
        assert difference(sent(prepare_image(function(image))), expected) < 1
    transposed = ImageOps.exif_transpose(image)
    assert difference(sent(prepare_image(transposed)), expected) < 1
    by_hand = image.transpose(TURN.ROTATE_270)
    del by_hand.getexif()[0x0112]
    assert difference(sent(prepare_image(by_hand)), expected) < 1
    by_hand = image.transpose(TURN.ROTATE_270)
    by_hand.info.pop("exif", None)
    assert difference(sent(prepare_image(by_hand)), expected) < 1


def test_an_array_has_no_orientation():
    array = np.asarray(scene())
    for options in ({}, {"upright": True}, {"orientation": "ignore"}):
        assert sent(prepare_image(array, **options)).tobytes() == array.tobytes()


def test_a_turned_image_knows_its_place_in_the_source():
    data = encode(scene(), "JPEG", 6)
    prepared = prepare_image(data, upright=True)
    assert prepared.to_source((0, 0, 500, 1000)) == (0, 0, 16, 48)
    assert prepared.to_source((0, 0, 500, 1000), upright=False) == (0, 16, 48, 32)
    ignored = prepare_image(data, orientation="ignore")
    assert ignored.to_source((0, 0, 500, 1000)) == (0, 0, 24, 32)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("options", [{}, {"max_side": 24}])
def test_a_prepared_image_whose_orientation_is_ignored_has_another_place(
    name, orientation, options
):
    data = encode(scene(), name, orientation)
    direct = prepare_image(data, orientation="ignore", **options)
    again = prepare_image(prepare_image(data), orientation="ignore", **options)
    for upright in (True, False):
        box = again.to_source((0, 0, 500, 250), upright=upright)
        assert box == direct.to_source((0, 0, 500, 250), upright=upright) == (0, 0, 24, 8)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_tiff_that_pillow_has_turned_stays_turned(orientation):
    """Pillow removes the orientation when it loads, so it must not matter whether it has loaded."""
    data = encode(scene(), "TIFF", orientation)
    lazy, loaded = (Image.open(io.BytesIO(data)) for _ in range(2))
    loaded.load()
    for image in (lazy, loaded):
        prepared = prepare_image(image, orientation="ignore")
        assert sent(prepared).tobytes() == loaded.tobytes()
        assert prepared.to_source((0, 0, 500, 500), upright=False) == (
            *(0, 0),
            *(side // 2 for side in loaded.size),
        )
