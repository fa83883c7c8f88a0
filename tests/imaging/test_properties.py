"""Any input results either in an image that opens or in an ImageError."""

from __future__ import annotations

import base64
import contextlib
import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.formats.test_damaged_images import prepared_or_error
from tests.sample_images import builders, jpeg, png, sample
from xai_vision.imaging import ImageError, decode, prepare_image, read_header, sniff_format

NAMES = [n for n in builders.SAMPLES if "mib" not in n and "wide" not in n and "rotated-" not in n]
SEEDS = [*NAMES, "rotated-6.jpg"]
STARTS = [sample(name)[:32] for name in NAMES]

quick = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
thorough = settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")


def check(source, **options):
    """Prepare a source and check the result; Pillow must open it if verify was set."""
    prepared = prepared_or_error(source, **options)
    if isinstance(prepared, ImageError):
        assert prepared.reason
        assert len(str(prepared)) < 400
        return
    url = prepared.url()
    assert len(url) == prepared.url_size
    if prepared.format is None:
        return
    label, _, data = url.partition(",")
    assert label == f"data:{prepared.media_type};base64"
    raw = base64.b64decode(data, validate=True)
    assert len(raw) == prepared.size_bytes <= 20 * builders.MIB
    assert sniff_format(raw) == prepared.format
    assert prepared.estimate("high").low > 0
    if options.get("verify"):
        with Image.open(io.BytesIO(raw)) as image:
            image.load()
            assert image.format in (prepared.format, "MPO")
            assert sorted(image.size) == sorted(prepared.size)


def check_data(data):
    check(data)
    check(data, verify=True, strip_metadata=True)
    for function in (read_header, decode):
        with contextlib.suppress(ImageError):
            function(data)


@quick
@given(st.binary(max_size=2000))
@example(b"")
@example(b"\xff\xd8\xff")
def test_random_bytes(data):
    check_data(data)


@quick
@given(st.sampled_from(STARTS), st.binary(max_size=500))
def test_random_bytes_after_a_valid_start(start, data):
    check_data(start + data)


def damaged(draw):
    data = bytearray(sample(draw(st.sampled_from(SEEDS))))
    region = draw(st.sampled_from([64, 1000, len(data)]))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, min(region, len(data)) - 1))
        data[at] ^= 1 << draw(st.integers(0, 7))
    cut = draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))
    return bytes(data[:cut])


@quick
@given(st.composite(damaged)())
def test_bit_flips_and_truncations(data):
    check_data(data)


@quick
@given(st.composite(damaged)())
def test_resizing_with_bit_flips(data):
    check(data, verify=True, max_side=40, max_bytes=3000)


@quick
@given(
    st.sampled_from(["image/png", "image/jpeg", "image/jpg", "", "text/plain", "IMAGE/PNG", "é"]),
    st.sampled_from(["", ";base64", ";charset=utf-8;base64", ";BASE64", ";base64;x=y"]),
    st.one_of(
        st.text(max_size=200),
        st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode()),
        st.sampled_from([base64.b64encode(data).decode() for data in (jpeg(), png())]),
    ),
    st.sampled_from(["", ",", "\n"]),
)
def test_random_data_urls(label, mark, payload, space):
    check(f"data:{label}{mark},{payload}{space}")
    check(f"data:{label}{mark}{space}{payload}")


@quick
@given(
    st.one_of(
        st.text(max_size=100),
        st.text(st.characters(categories=["Cs", "L"])),
        st.from_regex(r"[A-Za-z0-9+/]{0,80}={0,3}"),
    )
)
def test_random_strings(text):
    check(text)


@quick
@given(st.integers(0, len(jpeg())), st.sampled_from("!€\0=-_ \n%"), st.booleans())
def test_base64_with_a_wrong_character(at, letter, label):
    text = base64.b64encode(jpeg()).decode()
    text = text[:at] + letter + text[at + 1 :]
    check(f"data:image/jpeg;base64,{text}" if label else text)


@quick
@given(st.binary(min_size=1, max_size=4000), st.integers(1, 4000))
def test_base64_lines_of_any_length(tail, width):
    data = sample("tiny.jpg") + tail + b"\xff\xd9"
    text = base64.b64encode(data).decode()
    for source in (text, "\n".join(text[n : n + width] for n in range(0, len(text), width))):
        prepared = prepare_image(source)
        assert prepared.read() == data
        assert prepared.url().endswith(text)


@pytest.mark.slow
@thorough
@given(st.composite(damaged)())
def test_many_bit_flips_and_truncations(data):
    check_data(data)
    check(data, verify=True, max_side=40, max_bytes=3000)
