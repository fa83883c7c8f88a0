"""Tests of a program on the openai package: over the fake server's REST API.

python -m pytest examples/label_reader
"""

from __future__ import annotations

import io

import openai
import pytest
from label_reader import LabelReader
from PIL import Image
from pydantic import ValidationError

from xai_vision.testing import Fault, Reply, match

# openai's exceptions read the message and the code from errors in OpenAI's form.
pytestmark = pytest.mark.xai_fake(unmatched="error", error_form="openai")


@pytest.fixture
def reader(xai_server):
    """The program, connected to the fake server of this test."""
    with openai.OpenAI(
        api_key=xai_server.api_key, base_url=xai_server.http_url, max_retries=2
    ) as client:
        yield LabelReader(client)


@pytest.fixture
def photo() -> bytes:
    """A photo of a label."""
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(out, "JPEG")
    return out.getvalue()


def test_a_label(reader, xai_server, photo):
    xai_server.on(image=photo, schema=match.any).reply_json({"product": "Tea", "grams": 80})
    label = reader.read(photo)
    assert (label.product, label.grams) == ("Tea", 80)
    sent = xai_server.calls.last.images[0]
    assert (sent.format, sent.detail, sent.width) == ("JPEG", "high", 400)
    assert xai_server.calls.last.body["store"] is False


def test_a_reply_that_is_not_a_label(reader, xai_server, photo):
    xai_server.on().reply('{"product": "Tea"}', finish="length")
    with pytest.raises((ValidationError, ValueError)):
        reader.read(photo)


def test_a_description_comes_in_pieces(reader, xai_server, photo):
    xai_server.on(stream=True).reply(Reply("green tea", chunks=["green ", "tea"]))
    assert list(reader.describe(photo)) == ["green ", "tea"]


def test_a_stream_that_breaks(reader, xai_server, photo):
    xai_server.on(stream=True).reply("a long description", chunks=5)
    xai_server.fault(Fault.reset_connection(after_bytes=600))
    with pytest.raises(Exception, match=r"(?i)connection|peer|reset|read"):
        list(reader.describe(photo))


def test_a_translation(reader, xai_server, photo):
    xai_server.on(prompt=match.contains("French"), images=1).reply("Thé vert")
    assert reader.translate(photo, "French") == "Thé vert"


def test_a_rate_limit_is_retried(reader, xai_server, photo):
    xai_server.on().replies(Fault.rate_limited(0.01), "Thé vert")
    assert reader.translate(photo, "French") == "Thé vert"
    assert [call.http_status for call in xai_server.calls] == [429, 200]


def test_an_error_has_its_message(reader, xai_server, photo):
    xai_server.on().fault(Fault.status("PERMISSION_DENIED", "the team is blocked"))
    with pytest.raises(openai.PermissionDeniedError, match="the team is blocked"):
        reader.translate(photo, "French")
