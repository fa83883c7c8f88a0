"""Color spaces described with numbers: their curves, and the ICC profiles made from them."""

from __future__ import annotations

import io
import itertools
import operator
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from xai_vision.imaging._color.color_space import SRGB, from_cicp, from_gamma
from xai_vision.imaging._color.icc_profile import icc_profile

ADOBE = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
DISPLAY_P3, BT2020, BT709 = 12, 9, 1
# Rows of the published matrices from linear light to linear light of sRGB.
P3_TO_SRGB = ((1.22494, -0.22494, 0), (-0.04206, 1.04206, 0), (-0.01964, -0.07864, 1.09827))
BT2020_TO_SRGB = (
    (1.66049, -0.58764, -0.07285),
    (-0.12455, 1.13290, -0.00835),
    (-0.01815, -0.10058, 1.11873),
)
ADOBE_TO_SRGB = ((1.39836, -0.39836, 0), (0, 1, 0), (0, -0.04293, 1.04293))
COLORS = list(itertools.product((0, 50, 128, 200, 255), repeat=3))


def linear(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def encoded(value):
    value = min(max(value, 0), 1)
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def expected(color, matrix, curve=linear):
    light = [curve(value / 255) for value in color]
    sums = (sum(a * b for a, b in zip(row, light, strict=True)) for row in matrix)
    return [round(255 * encoded(value)) for value in sums]


def converted(space, colors):
    image = Image.new("RGB", (len(colors), 1))
    image.putdata(colors)
    profiles = (io.BytesIO(icc_profile(each)) for each in (space, SRGB))
    result = ImageCms.profileToProfile(image, *profiles)
    raw = result.tobytes()
    return [list(raw[at : at + 3]) for at in range(0, len(raw), 3)]


def assert_close(results, expectations):
    for result, color in zip(results, expectations, strict=True):
        assert all(abs(a - b) <= 1 for a, b in zip(result, color, strict=True)), (result, color)


@pytest.mark.parametrize(
    ("space", "matrix", "curve"),
    [
        (from_cicp(DISPLAY_P3, 13), P3_TO_SRGB, linear),
        (from_cicp(BT2020, 13), BT2020_TO_SRGB, linear),
        (from_cicp(BT2020, 8), BT2020_TO_SRGB, lambda value: value),
        (from_cicp(BT709, 4), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), lambda value: value**2.2),
        (from_gamma(2.2, ADOBE), ADOBE_TO_SRGB, lambda value: value**2.2),
        (from_gamma(1.0, None), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), lambda value: value),
    ],
)
def test_colors_are_converted_as_the_published_matrices_say(space, matrix, curve):
    assert not space.is_srgb()
    results = converted(space, COLORS)
    assert_close(results, [expected(color, matrix, curve) for color in COLORS])


def test_display_p3():
    assert converted(from_cicp(DISPLAY_P3, 13), [(200, 100, 50)]) == [[215, 93, 31]]


def test_white_stays_white():
    """Also that of DCI-P3, which is greenish."""
    for primaries in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22):
        white, black = converted(from_cicp(primaries, 13), [(255, 255, 255), (0, 0, 0)])
        assert min(white) >= 254
        assert max(black) == 0


def test_srgb_stays_as_it_is():
    assert converted(SRGB, COLORS) == [list(color) for color in COLORS]


@pytest.mark.parametrize("numbers", [(1, 13), (2, 2), (1, 2), (2, 13), (1, 1), (1, 6), (1, 14)])
def test_numbers_that_mean_srgb(numbers):
    assert from_cicp(*numbers).is_srgb()


@pytest.mark.parametrize(
    "numbers", [(0, 13), (3, 13), (1, 0), (1, 3), (13, 13), (255, 255), (1, 19)]
)
def test_unknown_numbers(numbers):
    space = from_cicp(*numbers)
    assert not space.is_known
    assert space.name == "CICP {}/{}".format(*numbers)


@pytest.mark.parametrize("gamma", [2.2, 1 / 0.45455, 1 / 0.4545, 2.21])
def test_the_usual_gamma_means_srgb(gamma):
    assert from_gamma(gamma, None).is_srgb()
    primaries = (0.31270, 0.32900, 0.64000, 0.33000, 0.30000, 0.60000, 0.15000, 0.06000)
    assert from_gamma(gamma, primaries).is_srgb()
    assert not from_gamma(gamma, ADOBE).is_srgb()
    assert from_gamma(gamma, ADOBE).is_srgb(gray=True) is False  # 2.2 exactly


@pytest.mark.parametrize(
    "chromaticities",
    [
        (0.0,) * 8,
        (0.3127, 0.329) * 4,
        (0.3127, 0.329, 0.64, 0.33, 0.64, 0.33, 0.15, 0.06),
        (0.9, 0.9, *ADOBE[2:]),
        (0.3127, 0.329, 40_000, 0.33, *ADOBE[4:]),
        (0.16, 0.07, *ADOBE[2:]),
        (float("nan"), *ADOBE[1:]),
        ADOBE[:6],
    ],
)
def test_impossible_primaries_are_ignored(chromaticities):
    assert from_gamma(None, chromaticities) is None
    assert from_gamma(1.8, chromaticities).name == "gamma 1.8"


@pytest.mark.parametrize("gamma", [0.01, 50, 1e9])
def test_an_impossible_gamma_is_unknown(gamma):
    assert not from_gamma(gamma, None).is_known


def test_neither_gamma_nor_primaries():
    assert from_gamma(None, None) is None


@pytest.mark.parametrize(
    ("transfer", "value", "luminance"),
    [
        # ITU-R BT.2408 and BT.2100: dark and middle luminances, which tone mapping keeps.
        (16, 0.4401, 50),
        (16, 0.1499, 1),
        (16, 0.3001, 10),
        (18, 0.5, 1000 * (1 / 12) ** 1.2),
        (18, 0.25, 1000 * (1 / 48) ** 1.2),
    ],
)
def test_middle_tones_of_hdr_keep_their_luminance(transfer, value, luminance):
    light = from_cicp(9, transfer).to_linear(value)
    assert light == pytest.approx(luminance / 203, rel=0.01)


@pytest.mark.parametrize(("transfer", "white", "peak"), [(16, 0.5807, 0.7518), (18, 0.75, 1.0)])
def test_highlights_of_hdr_are_compressed(transfer, white, peak):
    space = from_cicp(9, transfer)
    assert space.is_hdr
    # Diffuse white (203 cd/m2) leaves room for highlights, up to 1000 cd/m2.
    assert 0.7 < space.to_linear(white) < 0.85
    assert space.to_linear(peak) == pytest.approx(1, abs=0.001)
    assert space.to_linear(1.0) == 1


@given(st.integers(0, 30), st.integers(0, 30), st.booleans())
def test_every_curve_increases_from_0_to_1(primaries, transfer, full_range):
    space = from_cicp(primaries, transfer, full_range=full_range)
    values = [space.to_linear(index / 64) for index in range(65)]
    assert all(0 <= value <= 1 for value in values)
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(values))
    assert values[0] < 0.02
    assert values[-1] > 0.99


def test_a_limited_range_is_expanded():
    space = from_cicp(1, 13, full_range=False)
    assert not space.is_srgb()
    assert "limited range" in space.name
    assert converted(space, [(16,) * 3, (235,) * 3, (0,) * 3, (255,) * 3]) == [
        [0] * 3,
        [255] * 3,
        [0] * 3,
        [255] * 3,
    ]


WHITES = st.tuples(st.floats(0.15, 0.55), st.floats(0.2, 0.55))
PRIMARIES = st.tuples(*[st.floats(-0.2, 1.2)] * 6)


@given(
    st.tuples(*[st.floats()] * 8) | st.builds(operator.add, WHITES, PRIMARIES) | st.none(),
    st.floats(0.01, 20) | st.none(),
    st.booleans(),
)
@example((0.2, 0.25, 2.0, -2.0, -2.0, 2.0, -2.0, -2.0), 2.2, False)
@example((0.5, 0.25, 2.0, -2.0, -2.0, 2.0, -2.0, -2.0), 2.2, False)
@example((0.5, 0.45, 2.0, -2.0, -2.0, 2.0, -2.0, -2.0), 2.2, False)
def test_every_possible_space_has_a_valid_profile(chromaticities, gamma, gray):
    space = from_gamma(gamma, chromaticities)
    if space is None:
        return
    profile = icc_profile(space, gray=gray)
    assert struct.unpack(">I", profile[:4]) == (len(profile),)
    assert profile[16:20] == (b"GRAY" if gray else b"RGB ")
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    assert ImageCms.getProfileDescription(opened).strip() == space.name
    assert opened.profile.media_white_point[1][:2] == pytest.approx((0.9642, 1.0), abs=1)
