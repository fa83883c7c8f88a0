"""The images of calls that are passed on are decoded only if a test looks at them."""

from __future__ import annotations

import io
import pickle

import pytest
from PIL import Image

from tests import sample_images
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.testing import FakeServer, match
from xai_vision.testing._service import image_inspection


def smaller(data):
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as opened:
        opened.resize((opened.width // 2, opened.height // 2)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_log_has_the_properties_of_an_image(server, upstream, caller):
    caller.text("Hi", image_part(sample_images.sample("photo.jpg")))
    image, expected = server.calls.last.images[0], upstream.calls.last.images[0]
    assert (image.width, image.height, image.format, image.size, image.tokens) == (
        expected.width,
        expected.height,
        expected.format,
        expected.size,
        expected.tokens,
    )
    assert image.colors == expected.colors
    assert image.data == expected.data
    assert image.facts == expected.facts
    copy = pickle.loads(pickle.dumps(image))
    assert (copy.colors, copy.facts.thumbnail) == (expected.colors, expected.facts.thumbnail)
    assert image.facts.to_json() == expected.facts.to_json()


def test_an_image_is_decoded_only_when_needed(upstream, monkeypatch):
    decoded = []
    original = image_inspection._decode_sample
    monkeypatch.setattr(
        image_inspection, "_decode_sample", lambda *args: decoded.append(1) or original(*args)
    )
    data = sample_images.sample("photo.jpg") + b"unique"
    # The upstream refuses the key before it reads the image.
    with FakeServer(upstream=upstream.target, upstream_key="wrong") as server:
        with open_caller(server) as caller:
            assert caller.expect_error("Hi", image_part(data))[0] == "UNAUTHENTICATED"
        assert not decoded
        assert server.calls.last.images[0].colors
        assert server.calls.last.images[0].colors
    assert len(decoded) == 1


def test_a_rule_can_compare_images(server, caller):
    data = sample_images.sample("photo.jpg")
    server.on(image=match.near(data)).reply("the photo")
    assert caller.text("Hi", image_part(smaller(data))) == "the photo"
    assert caller.text("Hi", image_part(sample_images.sample("chart.png"))) != "the photo"


@pytest.mark.parametrize("cut", [100, 1000])
def test_an_image_that_cannot_be_decoded_has_no_colors(server, caller, cut):
    data = sample_images.sample("chart.png")[:cut]
    assert caller.expect_error("Hi", image_part(data))[0] == "INVALID_ARGUMENT"
    image = server.calls.last.images[0]
    assert (image.format, image.colors) == ("PNG", ())
    assert set(image.facts.thumbnail) == {0}
    assert not hasattr(image.facts, "other")
