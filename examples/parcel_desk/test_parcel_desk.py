"""Tests of a service that asks about pictures: fast, offline, over a real connection.

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
    """A picture file."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "tan").save(out, kind)
    return out.getvalue()


@pytest.fixture
async def desk(xai_server):
    """The service, asking this test's own fake."""
    async with AsyncClient(xai_server.api_key, api_host=xai_server.target) as client:
        yield ParcelDesk(client)


async def test_damage_is_seen(desk, xai_server):
    xai_server.on(prompt=match.contains("damaged"), images=1).reply_json(
        {"state": "damaged", "reason": "a corner is crushed"}
    ).times(1)
    verdict = await desk.look_at(photo())
    assert verdict.state == "damaged"
    sent = xai_server.calls.last.images[0]
    assert (sent.format, sent.width) == ("JPEG", 64)


async def test_large_photos_are_made_smaller(desk, xai_server):
    xai_server.on(images=1).reply_json({"state": "fine", "reason": ""})
    await desk.look_at(photo(4000, 3000))
    assert xai_server.calls.last.images[0].width == 1024


async def test_no_picture_is_never_sent(desk, xai_server):
    verdict = await desk.look_at(b"%PDF-1.7 a delivery note")
    assert verdict.state == "not a parcel"
    assert not xai_server.calls


async def test_a_rate_limit_is_waited_out(desk, xai_server):
    xai_server.on(images=1).replies(Fault.rate_limited(0.01)).times(1)
    xai_server.on(images=1).reply_json({"state": "fine", "reason": ""})
    assert (await desk.look_at(photo())).state == "fine"
    assert len(xai_server.calls) == 2


async def test_an_answer_of_another_shape_is_an_error(desk, xai_server):
    xai_server.on(images=1).reply('{"state": "soggy"}')
    with pytest.raises(errors.StructuredOutputError):
        await desk.look_at(photo())


async def test_a_broken_service_is_not_taken_for_a_verdict(desk, xai_server):
    xai_server.fault(Fault.internal())
    with pytest.raises(errors.ServerError):
        await desk.look_at(photo())
