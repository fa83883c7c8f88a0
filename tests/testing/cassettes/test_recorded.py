"""A recorded file of this repository, replayed with whatever Pillow is installed.

It has to be recorded again only if the format of cassettes changes: start a fake server, and run

    RECORDED_FROM=localhost:PORT XAI_API_KEY=... \\
        pytest tests/testing/cassettes/test_recorded.py --xai-record=rewrite
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.testing.cassettes.conftest import assert_publishable
from xai_vision import Client, errors
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer

pytestmark = pytest.mark.xai_cassette(
    path="recorded.json",
    upstream=os.environ.get("RECORDED_FROM", "localhost:1"),
)


def landscape():
    """Return an image whose pixels depend on how Pillow resizes and draws."""
    sky = Image.linear_gradient("L").resize((640, 480), Image.Resampling.LANCZOS)
    picture = Image.merge("RGB", (sky, sky.rotate(180), Image.new("L", sky.size, 210)))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, 480), (220, 160), (420, 480)], fill=(60, 90, 50))
    draw.ellipse((430, 40, 560, 170), fill=(250, 220, 90))
    return picture.resize((400, 300), Image.Resampling.BICUBIC)


def encoded(**options):
    output = io.BytesIO()
    landscape().save(output, **options)
    return output.getvalue()


SOURCES = {
    "a Pillow image": landscape,
    "a JPEG of low quality": lambda: encoded(format="JPEG", quality=40),
    "a progressive JPEG": lambda: encoded(format="JPEG", quality=85, progressive=True),
    "a PNG": lambda: encoded(format="PNG", optimize=True),
    "a WebP image": lambda: encoded(format="WEBP", quality=80),
}


def ask(text, source):
    with Client() as client:
        chat = client.chat.create("grok-4", messages=[user(text, image(source))])
        return chat.sample().content


def test_the_image_of_the_recording(xai_cassette):
    assert ask("What is in the image?", landscape()) == "A hill under the sun."


@pytest.mark.parametrize("name", list(SOURCES)[1:])
def test_another_encoding(xai_cassette, name):
    if xai_cassette.settings.record != "none":
        pytest.skip("the recording has one encoding")
    assert ask("What is in the image?", SOURCES[name]()) == "A hill under the sun."


def test_the_cassettes_of_the_repository_can_be_published():
    files = sorted(Path(__file__).parents[2].rglob("cassettes/**/*.json"))
    assert Path(__file__).parent / "cassettes" / "recorded.json" in files
    for file in files:
        assert_publishable(file)


def test_another_image_is_not_answered():
    server = FakeServer(cassette=Path(__file__).parent / "cassettes" / "recorded.json").start()
    with Client(api_key=server.api_key, api_host=server.target) as client:
        question = user("What is in the image?", image(landscape().rotate(180)))
        chat = client.chat.create("grok-4", messages=[question])
        with pytest.raises(errors.BadRequestError, match="distance [0-9.]+, at most 10") as raised:
            chat.sample()
    assert "recorded.json has no answer to this call of GetCompletion" in str(raised.value)
    with pytest.raises(AssertionError, match="recorded.json has no answer"):
        server.verify()
    server.stop()
