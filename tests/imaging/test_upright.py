"""upright= turns the pixels and orientation= says whether the metadata's orientation applies."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from tests.sample_images import jpeg, png
from xai_vision.imaging import (
    ImageSourceError,
    ImageTooLargeError,
    TextImageUrl,
    prepare_image,
    read_header,
)

ORIENTATIONS = range(2, 9)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TURN = Image.Transpose
BY_HAND = {6: TURN.ROTATE_270, 8: TURN.ROTATE_90, 3: TURN.ROTATE_180}


def scene(width=48, height=32):
    """Return an image without symmetry, smooth enough for JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    blue = np.where((x < width / 2) & (y < height / 2), 220, 40)
    return Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8))


def encode(image, name, orientation, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, name, exif=exif, **options)
    return out.getvalue()


def reference(data):
    """Return the upright image, as Pillow turns it."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data)))


def pixels(image):
    return np.asarray(image.convert("RGB"), dtype=int)


def sent(prepared):
    """Return the pixels of the bytes that are sent, as a server that ignores EXIF sees them."""
    return Image.open(io.BytesIO(prepared.read()))


def difference(first, second):
    return np.abs(pixels(first) - pixels(second)).mean()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("size", [(48, 32), (45, 31)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_is_turned_and_stays_a_jpeg_of_its_quality(orientation, size, subsampling):
    data = encode(
        scene(*size), "JPEG", orientation, quality=95, subsampling=subsampling, icc_profile=SRGB
    )
    prepared = prepare_image(data, upright=True)
    image = sent(prepared)
    assert image.size == prepared.size == reference(data).size
    assert difference(image, reference(data)) < 2
    assert prepared.format == "JPEG"
    assert prepared.orientation == 1
    assert 0x0112 not in image.getexif()
    assert image.info["icc_profile"] == SRGB
    assert {sum(table) for table in image.quantization.values()} == {
        sum(table) for table in Image.open(io.BytesIO(data)).quantization.values()
    }
    assert f"applied EXIF orientation {orientation}" in map(str, prepared.changes)
    assert not prepared.lossless
    assert f"{image.width}x{image.height}" in prepared.describe()
    assert difference(prepared.pil(), image) == 0
    assert prepared.size_bytes < 1.5 * len(data)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0", "4:2:2"])
def test_the_color_resolution_is_kept(subsampling):
    data = encode(scene(), "JPEG", 3, subsampling=subsampling)
    layers = [Image.open(io.BytesIO(data)).layer, sent(prepare_image(data, upright=True)).layer]
    assert layers[0] == layers[1]


def test_a_turned_4_2_2_keeps_all_colors():
    data = encode(scene(), "JPEG", 6, subsampling="4:2:2")
    assert {part[1:3] for part in sent(prepare_image(data, upright=True)).layer} == {(1, 1)}


def test_quantization_tables_are_turned_with_the_pixels():
    tables = [list(range(1, 65)), list(range(64, 0, -1))]
    data = encode(scene(), "JPEG", 6, qtables=tables)
    turned = sent(prepare_image(data, upright=True)).quantization
    assert [list(turned[n]) for n in (0, 1)] == [
        np.reshape(table, (8, 8)).T.ravel().tolist() for table in tables
    ]


@pytest.mark.parametrize("options", [{"progressive": True}, {"keep_rgb": True}, {"optimize": True}])
@pytest.mark.parametrize("quality", [30, 100])
def test_other_kinds_of_jpeg(options, quality):
    noise = Image.effect_noise((64, 40), 90).convert("RGB")
    for image in (noise, scene(64, 40)):
        data = encode(image, "JPEG", 8, quality=quality, **options)
        prepared = prepare_image(data, upright=True, verify=True)
        assert prepared.size == (40, 64)
        assert difference(sent(prepared), reference(data)) < (6 if quality == 30 else 2)


def test_a_gray_and_a_cmyk_jpeg_keep_their_mode():
    for mode in ("L", "CMYK"):
        data = encode(scene().convert(mode), "JPEG", 6, quality=95)
        image = sent(prepare_image(data, upright=True))
        assert image.mode == mode
        assert difference(image, reference(data)) < 2


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16"])
def test_a_png_is_turned_without_loss(orientation, mode):
    source = scene().convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        source = source.convert("I").point(lambda value: value * 257).convert("I;16")
    data = encode(source, "PNG", orientation)
    prepared = prepare_image(data, upright=True)
    assert prepared.lossless
    assert prepared.orientation == 1
    image, expected = sent(prepared), reference(data)
    assert image.size == prepared.size == expected.size
    assert image.mode == expected.mode
    assert image.convert("RGBA").tobytes() == expected.convert("RGBA").tobytes()


@pytest.mark.parametrize("orientation", [1, *ORIENTATIONS])
@pytest.mark.parametrize("name", ["WEBP", "TIFF", "AVIF"])
def test_other_formats_are_upright_anyway(orientation, name):
    options = {"lossless": True} if name == "WEBP" else {}
    data = encode(scene(), name, orientation, **options)
    plain, upright = prepare_image(data), prepare_image(data, upright=True)
    assert plain.read() == upright.read()
    assert plain.changes == upright.changes
    assert difference(sent(upright), reference(data)) < 1


def test_an_upright_file_is_sent_unchanged():
    for data in (jpeg(), png(), encode(scene(), "JPEG", 1), encode(scene(), "PNG", 1)):
        prepared = prepare_image(data, upright=True)
        assert prepared.read() == data
        assert prepared.changes == ()


def test_upright_together_with_other_options(tmp_path):
    data = encode(scene(480, 320), "JPEG", 6, quality=90)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    assert prepare_image(path, upright=True).size == (320, 480)
    small = prepare_image(data, upright=True, max_side=48)
    assert small.size == (32, 48)
    assert sum("orientation" in str(change) for change in small.changes) == 1
    stripped = prepare_image(data, upright=True, strip_metadata=True)
    assert stripped.read() == prepare_image(data, upright=True).read()
    few = prepare_image(data, upright=True, max_bytes=4000)
    assert few.size_bytes <= 4000
    assert sum("orientation" in str(change) for change in few.changes) == 1
    again = prepare_image(prepare_image(data), upright=True)
    assert again.size == (320, 480)
    assert again.orientation == 1


def test_a_turned_file_over_the_limit_is_refused():
    image = Image.effect_noise((400, 300), 90).convert("RGB")
    data = encode(image, "JPEG", 6, quality=70, subsampling="4:2:2")
    turned = prepare_image(data, upright=True)  # larger: it has all colors
    assert turned.size_bytes > len(data)
    with pytest.raises(ImageTooLargeError) as caught:
        prepare_image(data, upright=True, limit=len(data))
    assert caught.value.size == turned.size_bytes
    assert "fit=True" in caught.value.remedy
    fitted = prepare_image(data, upright=True, limit=len(data), fit=True)
    assert fitted.size_bytes <= len(data)
    assert sent(fitted).height > sent(fitted).width


@pytest.mark.parametrize("source", ["https://example.com/a.jpg", TextImageUrl("https://a.de/b")])
@pytest.mark.parametrize("options", [{"upright": True}, {"orientation": "ignore"}, {"mode": "RGB"}])
def test_a_url_cannot_be_turned(source, options):
    with pytest.raises(ImageSourceError, match=f"{next(iter(options))}= is not supported") as error:
        prepare_image(source, **options)
    assert "Download" in error.value.remedy


# --- orientation= ---


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
