"""Blanks in base64: a "+" changed by a form decoder, or line breaks and indentation."""

from __future__ import annotations

import base64
import textwrap
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from tests.sample_images import builders, jpeg, sample
from xai_vision.chat import image, user
from xai_vision.imaging import ImageError, prepare_image

RESTORED = 'base64 repaired (replaced blanks by "+")'


@lru_cache(maxsize=1)
def noise_jpegs():
    """Return small JPEGs with optimized Huffman tables, in which few bit patterns are invalid."""
    rng = np.random.default_rng(1)
    return [
        builders.encode(
            Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)),
            "JPEG",
            quality=90,
            optimize=True,
            progressive=bool(number % 2),
        )
        for number in range(200)
    ]


def as_form(data):
    """Return the base64 of bytes as a form decoder leaves it."""
    text = base64.b64encode(data).decode()
    assert "+" in text
    return text.replace("+", " ")


@pytest.mark.parametrize("prefix", ["data:image/jpeg;base64,", "data:image/jpeg,", ""])
def test_blanks_are_plus_signs(prefix):
    for data in noise_jpegs():
        prepared = prepare_image(prefix + as_form(data))
        assert prepared.read() == data
        assert str(prepared.changes[0]) == RESTORED
        assert prepared.lossless


def test_blanks_are_plus_signs_in_bytes_and_over_the_wire(client, server):
    for source in (as_form(jpeg()), as_form(jpeg()).encode()):
        client.chat.create("grok-4", messages=[user("Look.", image(source))]).sample()
        assert server.calls.last.images[0].data == jpeg()


def test_blanks_are_plus_signs_at_every_quality():
    for quality in range(30, 96, 5):
        data = builders.encode(builders.photo(64, 48), "JPEG", quality=quality)
        text = base64.b64encode(data).decode()
        if "+" in text:
            assert prepare_image(text.replace("+", " ")).read() == data


def test_blanks_in_wrapped_text_are_plus_signs():
    for data in noise_jpegs():
        for end in ("\n", "\r\n"):
            lines = textwrap.wrap(base64.b64encode(data).decode(), 76)
            text = end.join(lines).replace("+", " ")
            prepared = prepare_image(f"data:image/jpeg;base64,{text}")
            assert prepared.read() == data
            assert "removed whitespace" in str(prepared.changes[0])


def test_blanks_in_text_without_padding_are_plus_signs():
    for data in noise_jpegs():
        text = as_form(data).rstrip("=")
        assert prepare_image(f"data:image/jpeg;base64,{text}").read() == data


@pytest.mark.parametrize("plus_signs", [1, 2])
def test_blanks_at_the_end_are_plus_signs(plus_signs):
    ends = {1: b"\xff\xff\xfe", 2: b"\xff\xff\xef\xbe"[1:]}
    data = jpeg() + bytes(-len(jpeg()) % 3) + ends[plus_signs]
    assert base64.b64encode(data).endswith(b"+" * plus_signs)
    for end in ("", "\n"):
        prepared = prepare_image(f"data:image/jpeg;base64,{as_form(data)}{end}")
        assert prepared.read() == data


@pytest.mark.parametrize("width", [60, 64, 76, 100])
@pytest.mark.parametrize("data", [jpeg(16, 16), sample("palette-alpha.png")])
def test_wrapped_text_stays_as_it_is(width, data):
    lines = textwrap.wrap(base64.b64encode(data).decode(), width)
    for glue in ("\n", "\r\n", "\n    ", "\r\n\t", " \n", "\n ", " ", "\n\n"):
        for plus in ("+", "-"):
            text = glue.join(lines).replace("+", plus)
            prepared = prepare_image(f"data:image/png;base64,{text}")
            assert prepared.read() == data
            assert "removed whitespace" in str(prepared.changes[0])
            assert "blanks" not in str(prepared.changes[0])


def test_whitespace_around_text_is_not_a_change():
    text = base64.b64encode(jpeg()).decode()
    for source in (f"  {text}\n", f"{text}  ", f"\t{text} \r\n", f"data:image/jpeg;base64,{text} "):
        prepared = prepare_image(source)
        assert prepared.read() == jpeg()
        assert prepared.changes == ()


def test_a_repair_that_guesses_is_decoded():
    data = noise_jpegs()[0]
    text = base64.b64encode(data).decode().rstrip("=").replace("+", "A")
    wrong = f"{text[:900]} {text[902:1300]}  {text[1303:]}"
    with pytest.raises(ImageError) as caught:
        prepare_image(f"data:image/jpeg;base64,{wrong}")
    assert caught.value.remedy
