"""Tests of a service that asks about images: fast, offline, over a real connection.

python -m pytest examples/parcel_desk
"""

from __future__ import annotations

import io

import pytest
from parcel_desk import ParcelDesk
from PIL import Image

from xai_vision import AsyncClient, errors
from xai_vision.testing import Fault, match


def photo(width: int = 64, height: int = 48, kind: str = "JPEG") -> bytes:
    """Encode an image."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "tan").save(out, kind)
    return out.getvalue()


@pytest.fixture
async def desk(xai_server):
    """The service, connected to the fake server of this test."""
    async with AsyncClient(xai_server.api_key, api_host=xai_server.target) as client:
        yield ParcelDesk(client)


async def test_damage_is_reported(desk, xai_server):
    xai_server.on(prompt=match.contains("damaged"), images=1).reply_json(
        {"state": "damaged", "reason": "a corner is crushed"}
    ).times(1)
    verdict = await desk.judge(photo())
    assert verdict.state == "damaged"
    sent = xai_server.calls.last.images[0]
    assert (sent.format, sent.width) == ("JPEG", 64)


async def test_large_photos_are_resized(desk, xai_server):
    xai_server.on(images=1).reply_json({"state": "fine", "reason": ""})
    await desk.judge(photo(4000, 3000))
    assert xai_server.calls.last.images[0].width == 1024


async def test_a_file_that_is_not_an_image_is_not_sent(desk, xai_server):
    verdict = await desk.judge(b"%PDF-1.7 a delivery note")
    assert verdict.state == "not a parcel"
    assert not xai_server.calls


async def test_a_rate_limit_is_retried(desk, xai_server):
    xai_server.on(images=1).replies(Fault.rate_limited(0.01)).times(1)
    xai_server.on(images=1).reply_json({"state": "fine", "reason": ""})
    assert (await desk.judge(photo())).state == "fine"
    assert len(xai_server.calls) == 2


async def test_a_reply_that_does_not_match_is_an_error(desk, xai_server):
    xai_server.on(images=1).reply('{"state": "soggy"}', unchecked=True)
    with pytest.raises(errors.StructuredOutputError):
        await desk.judge(photo())


async def test_a_server_error_is_raised(desk, xai_server):
    xai_server.fault(Fault.internal())
    with pytest.raises(errors.ServerError):
        await desk.judge(photo())
