"""What the fake's replies carry against what the official SDK's responses show.

Every property of its Response and Chunk must have something in it in at least one scenario; a
property that a new version adds fails this test until the fake fills it.
"""

from __future__ import annotations

import pytest

from tests.pictures import jpeg
from tests.testing.asking import data_url
from xai_vision.testing import Reply, ToolUse

pytestmark = pytest.mark.peer


def properties(thing):
    names = {
        name
        for cls in type(thing).__mro__
        for name, value in vars(cls).items()
        if isinstance(value, property) and not name.startswith("_")
    }
    return sorted(names)


def filled(thing):
    found = set()
    for name in properties(thing):
        value = getattr(thing, name)
        if value is not None and value not in ("", (), [], {}) and str(value) != "":
            found.add(name)
    return found


@pytest.fixture
def chat(server):
    from xai_sdk import Client
    from xai_sdk.chat import image, user
    from xai_sdk.tools import image_generation, web_search

    with Client(api_key=server.api_key, api_host=server.target) as client:
        agent = client.chat.create(
            "grok-4",
            messages=[user("What?", image(data_url(jpeg())))],
            tools=[web_search(enable_image_understanding=True), image_generation()],
            include=["web_search_call_output", "inline_citations"],
            reasoning_effort="high",
            use_encrypted_content=True,
        )
        plain = client.chat.create("grok-4", messages=[user("Hi")], logprobs=True, top_logprobs=2)
        yield agent, plain


def test_a_response_has_everything_somewhere(server, chat):
    agent, plain = chat
    debug = Reply("x", debug={"attempts": 1, "prompt": "p"}, tool_calls=[ToolUse("f")])
    server.on(prompt="Hi").reply(debug)
    responses = [agent.sample(), plain.sample()]
    missing = set(properties(responses[0])).difference(*map(filled, responses))
    assert not missing


def test_a_chunk_has_everything_somewhere(server, chat):
    agent, plain = chat
    debug = Reply("x", debug={"attempts": 1, "prompt": "p"}, tool_calls=[ToolUse("f")])
    server.on(prompt="Hi").reply(debug)
    chunks = [chunk for one in (agent, plain) for _, chunk in one.stream()]
    missing = set(properties(chunks[0])).difference(*map(filled, chunks))
    assert not missing
