"""What notebooks show for a response and for a prepared image."""

from __future__ import annotations

import pytest

from tests.sample_images import jpeg, png
from xai_vision.chat import user
from xai_vision.imaging import prepare_image
from xai_vision.testing import Reply


def test_a_response_is_markdown(client, server):
    server.on().reply(Reply("# Title\n\n* a list"))
    response = client.chat.create("grok-4").append(user("Hi")).sample()
    assert response._repr_markdown_() == "# Title\n\n* a list"


@pytest.mark.parametrize("data", [jpeg(), png()], ids=["JPEG", "PNG"])
def test_a_prepared_image_is_shown(data):
    prepared = prepare_image(data)
    shown = {"JPEG": prepared._repr_jpeg_(), "PNG": prepared._repr_png_()}
    assert shown.pop(prepared.format) == data
    assert list(shown.values()) == [None]


def test_an_image_url_is_not_fetched():
    prepared = prepare_image("https://e.x/a.jpg")
    assert prepared._repr_jpeg_() is None
    assert prepared._repr_png_() is None
