"""The ``info`` of Pillow images, where programs and the texts of a PNG can put any value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.imaging.colors.test_colors import ORANGE, loaded, lossy_changes, opened
from tests.sample_images import builders
from xai_vision.imaging import prepare_image

IGNORED = "transparency of an unknown kind ignored"
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "I;16", "F"]
KEYS = [
    *("cicp", "nclx_profile", "gamma", "chromaticity", "srgb", "icc_profile", "unknown_space"),
    *("transparency", "bit_depth", "images", "aux", "depth_images", "exif", "xmp", "comment"),
]
OPTIONS = [{}, {"max_side": 5}, {"mode": "RGB"}, {"max_bytes": 600}]
NUMBERS = st.one_of(st.integers(), st.floats(), st.fractions(), st.booleans())
SCALARS = st.one_of(NUMBERS, st.none(), st.text(max_size=9), st.binary(max_size=300))
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=9).map(tuple),
    st.lists(SCALARS, max_size=4),
    st.lists(NUMBERS, min_size=8, max_size=8).map(tuple),
    st.fixed_dictionaries({"color_primaries": SCALARS, "transfer_characteristics": SCALARS}),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
)


def png_with_text(key, image=None):
    info = PngInfo()
    info.add_text(key, "9 texts")
    image = image or Image.new("RGB", (40, 30), ORANGE)
    return builders.encode(image, "PNG", pnginfo=info)


@pytest.mark.parametrize(
    "key",
    ["cicp", "gamma", "chromaticity", "nclx_profile", "images", "aux", "bit_depth", "icc_profile"],
)
def test_texts_with_the_names_of_properties(key):
    """Pillow keeps the texts of a PNG beside its properties."""
    data = png_with_text(key)
    for prepared in (prepare_image(opened(data)), prepare_image(loaded(data))):
        assert prepared.pil().getpixel((5, 5)) == ORANGE
        assert prepared.lossless
        assert "metadata removed" in map(str, prepared.changes)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize(
    "use", [opened, loaded, lambda data: data, lambda data: prepare_image(data).pil()]
)
def test_a_text_in_place_of_the_transparency(use, mode):
    """Pillow lets it replace the real one, so nobody knows whether something is lost."""
    image = Image.new("RGB", (40, 30), "white").convert(mode)
    data = png_with_text("transparency", image=image)
    prepared = prepare_image(use(data), max_side=20)
    assert prepared.size == (20, 15)
    assert prepared.pil().convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    assert lossy_changes(prepared) == [IGNORED, "resized from 40x30 to 20x15"]
    assert prepare_image(data).draw([]).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("L", (1, 2, 3)),
        ("L", b"\0"),
        ("L", -1),
        ("L", 10**400),
        ("L", None),
        ("RGB", 5),
        ("RGB", (1, 2)),
        ("RGB", (1, 2, 3, 4)),
        ("RGB", ("1", "2", "3")),
        ("RGB", (1, 2, 10**400)),
        ("P", (1, 2, 3)),
        ("P", 256),
        ("P", bytes(257)),
    ],
)
def test_transparency_for_another_mode_is_ignored(mode, value):
    image = Image.new("L", (9, 9)).convert(mode)
    image.info["transparency"] = value
    prepared = prepare_image(image)
    assert lossy_changes(prepared) == [IGNORED]
    assert prepared.pil().mode == mode
    assert "transparency" not in prepared.pil().info
    assert image.info == {"transparency": value}


@pytest.mark.parametrize(
    ("mode", "value"),
    [("1", 0), ("L", 0), ("RGB", (0, 0, 0)), ("P", 0), ("P", b"\0"), ("P", b"")],
)
def test_transparency_that_is_kept(mode, value):
    image = Image.new("L", (9, 9)).convert(mode)
    image.info["transparency"] = value
    prepared = prepare_image(image)
    assert prepared.lossless
    alpha = prepared.pil().convert("RGBA").getpixel((0, 0))[3]
    assert alpha == (255 if value == b"" else 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cicp", (9,)),
        ("cicp", ("12", "13", True)),
        ("cicp", ([], {}, True)),
        ("cicp", (12, 13, 0, 1)),
        ("nclx_profile", {}),
        ("nclx_profile", {"color_primaries": [], "transfer_characteristics": {}}),
        ("nclx_profile", {"color_primaries": 12}),
        ("chromaticity", tuple("abcdefgh")),
        ("chromaticity", (None,) * 8),
        ("chromaticity", (1j,) * 8),
        ("chromaticity", (10**400,) * 8),
        ("chromaticity", (0.3, 0.3)),
    ],
)
def test_colors_that_are_not_numbers_are_ignored(key, value):
    image = Image.new("RGB", (9, 9), ORANGE)
    image.info[key] = value
    prepared = prepare_image(image)
    assert prepared.lossless
    assert prepared.pil().getpixel((5, 5)) == ORANGE


@given(st.sampled_from(MODES), st.sampled_from(KEYS), VALUES, st.sampled_from(OPTIONS))
def test_any_value(mode, key, value, options):
    image = Image.new(mode, (9, 9))
    image.info[key] = value
    assert prepare_image(image, **options).format in ("PNG", "JPEG")


def test_the_info_of_an_image_is_neither_sent_nor_changed():
    image = builders.corners().convert("P")
    image.info = {"comment": "secret", "dpi": (72, 72), "transparency": 0}
    before = dict(image.info), image.tobytes(), image.getpalette()
    prepared = prepare_image(image)
    assert b"secret" not in prepared.read()
    assert b"pHYs" not in prepared.read()
    assert b"tRNS" in prepared.read()
    assert (image.info, image.tobytes(), image.getpalette()) == before
