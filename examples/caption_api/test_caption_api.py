"""Tests of a web API: over a real connection to a fake server, which refuses unexpected requests.

python -m pytest examples/caption_api
"""

from __future__ import annotations

import asyncio
import io

import httpx
import pytest
from caption_api import app
from PIL import Image

from xai_vision.testing import Fault, match

pytestmark = [pytest.mark.asyncio, pytest.mark.xai_fake(unmatched="error")]


def photo(width: int = 640, height: int = 480) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


async def post(*bodies: bytes, path: str = "/captions?language=English") -> list[httpx.Response]:
    """Upload photos at the same time."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client,
    ):
        return await asyncio.gather(*(client.post(path, content=body) for body in bodies))


async def test_a_caption(xai_env):
    xai_env.on(prompt=match.contains("German"), image=match.size(640, 480)).reply("Ein See")
    (reply,) = await post(photo(), path="/captions?language=German")
    assert (reply.status_code, reply.json()["caption"]) == (200, "Ein See")


async def test_a_description_is_streamed(xai_env):
    xai_env.on(prompt="Which lake?").reply("Lake Constance.", chunks=5)
    (reply,) = await post(photo(), path="/descriptions?question=Which lake?")
    assert (reply.status_code, reply.text) == (200, "Lake Constance.")


async def test_large_photos_are_resized(xai_env):
    xai_env.on(image=match.size(1024, 768)).reply("A lake").times(1)
    await post(photo(4000, 3000))


async def test_an_upload_that_is_not_an_image_is_not_sent(xai_env):
    for path in ("/captions", "/descriptions"):
        (reply,) = await post(b"%PDF-1.7 an invoice", path=path)
        assert reply.status_code == 415
        assert "upload: unrecognized image data" in reply.json()["detail"]
    xai_env.calls.assert_not_called()


async def test_a_caption_that_does_not_come_in_time(xai_env, monkeypatch):
    monkeypatch.setattr("caption_api.TIMEOUT", 0.2)
    xai_env.fault(Fault.hang())
    assert (await post(photo()))[0].status_code == 504


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.rate_limited(3600), 429), (Fault.internal(), 502)]
)
async def test_failures(xai_env, fault, status):
    xai_env.fault(fault)
    assert (await post(photo()))[0].status_code == status


async def test_a_short_outage_is_retried(xai_env):
    xai_env.on().replies(Fault.unavailable(), "A lake")
    assert (await post(photo()))[0].json()["caption"] == "A lake"
    assert [call.status for call in xai_env.calls] == ["UNAVAILABLE", "OK"]


async def test_many_photos_at_the_same_time(xai_env):
    xai_env.on(images=1).side_effect(lambda call: str(call.images[0].width)).times(8)
    replies = await post(*(photo(100 + n) for n in range(8)))
    assert [reply.json()["caption"] for reply in replies] == [str(100 + n) for n in range(8)]
