"""pydantic-ai: turns and image generation.

tests/testing/peers/test_peer_pydantic_ai.py has images, tools, typed output and streams; it runs
in this environment too.
"""

from __future__ import annotations

import pytest
from pydantic_ai import Agent, BinaryImage
from pydantic_ai.images.xai import XaiImageGenerationModel
from pydantic_ai.models.xai import XaiModel
from pydantic_ai.providers.xai import XaiProvider
from xai_sdk import AsyncClient

from tests.sample_images import jpeg


@pytest.fixture
async def provider(server):
    async with AsyncClient(api_key=server.api_key, api_host=server.target) as client:
        yield XaiProvider(xai_client=client)


async def test_turns(server, provider):
    agent = Agent(XaiModel("grok-4", provider=provider), instructions="Be brief")
    server.on().replies("Hello", "Bye")
    first = await agent.run("Hi")
    second = await agent.run("And now?", message_history=first.all_messages())
    assert (first.output, second.output) == ("Hello", "Bye")
    texts = [message.content[0].text for message in server.calls.last.messages]
    assert texts[-3:] == ["Hi", "Hello", "And now?"]


@pytest.mark.parametrize("count", [1, 3])
async def test_generated_images(server, provider, count):
    model = XaiImageGenerationModel("grok-imagine-image", provider=provider)
    photo = BinaryImage(data=jpeg(), media_type="image/jpeg")
    result = await model.generate(
        "A cat", images=[photo], settings={"xai_n": count, "aspect_ratio": "1:1"}
    )
    assert len(result.images) == count
    assert all(image.content.media_type == "image/jpeg" for image in result.images)
    assert server.calls.last.request.n == count
    assert server.calls.last.request.image.image_url.startswith("data:image/jpeg;base64,")
