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
    """Encode a photo."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


async def post(*bodies: bytes, language: str = "English") -> list[httpx.Response]:
    """Upload photos at the same time."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client,
    ):
        requests = [client.post(f"/captions?language={language}", content=b) for b in bodies]
        return await asyncio.gather(*requests)


async def test_a_caption(xai_env):
    xai_env.on(prompt=match.contains("German"), image=match.size(640, 480)).reply("Ein See")
    (reply,) = await post(photo(), language="German")
    assert (reply.status_code, reply.json()["caption"]) == (200, "Ein See")


async def test_large_photos_are_resized(xai_env):
    xai_env.on(image=match.size(1024, 768)).reply("A lake").times(1)
    assert (await post(photo(4000, 3000)))[0].status_code == 200


async def test_an_upload_that_is_not_an_image_is_not_sent(xai_env):
    (reply,) = await post(b"%PDF-1.7 an invoice")
    assert reply.status_code == 415
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
    xai_env.on().replies(Fault.unavailable(), Fault.unavailable(), "A lake")
    (reply,) = await post(photo())
    assert reply.json()["caption"] == "A lake"
    assert [call.status for call in xai_env.calls] == ["UNAVAILABLE", "UNAVAILABLE", "OK"]


async def test_many_photos_at_the_same_time(xai_env):
    xai_env.on(images=1).side_effect(lambda call: f"{call.images[0].width} wide").times(8)
    replies = await post(*(photo(100 + n) for n in range(8)))
    assert [reply.json()["caption"] for reply in replies] == [f"{100 + n} wide" for n in range(8)]
