"""One client records and another replays: xai_sdk, xai_vision and openai."""

from __future__ import annotations

import asyncio

import pytest

from tests.testing.cassettes.conversations import PARAMETERS, Animal, prepare, talk, talk_async
from tests.testing.cassettes.images import encode, scene
from tests.testing.grpc_calls import data_url
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer

XAI_SDK = pytest.param("xai_sdk", marks=pytest.mark.peer)
PACKAGES = [XAI_SDK, "xai_vision"]


def call(package, style, server, **options):
    if style == "async":
        return asyncio.run(talk_async(package, server, **options))
    return talk(package, server, **options)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("replaying", PACKAGES)
@pytest.mark.parametrize("recording", PACKAGES)
@pytest.mark.parametrize("styles", ["sync async", "async sync"])
def test_one_records_and_the_other_replays(service, record, replay, recording, replaying, styles):
    if "xai_sdk" in (recording, replaying):
        pytest.importorskip("xai_sdk")
    prepare(service)
    recording_style, replaying_style = styles.split()
    with record() as server:
        recorded = call(recording, recording_style, server)
    assert "".join(recorded["stream"]) == "one two three"
    assert recorded["content"] == b"Total: 42 EUR"
    service.stop()
    with replay() as server:
        # The images of the replay have other bytes.
        assert call(replaying, replaying_style, server, quality=70) == recorded
        assert server._engine.recorder.unused() == []


WEATHER = {"type": "function", "name": "get_weather", "parameters": PARAMETERS}


def talk_openai(server, quality=90):
    """Make calls with the openai package; return what it sees of the answers."""
    openai = pytest.importorskip("openai")
    image = data_url(encode(scene(), quality=quality))
    with openai.OpenAI(api_key=server.api_key, base_url=server.http_url, max_retries=0) as client:
        parts = [
            {"type": "input_text", "text": "What is it?"},
            {"type": "input_image", "image_url": image, "detail": "high"},
        ]
        first = client.responses.create(model="grok-4", input=[{"role": "user", "content": parts}])
        chained = client.responses.create(
            model="grok-4", input="Why?", previous_response_id=first.id
        )
        stored = client.responses.retrieve(first.id)
        events = list(client.responses.create(model="grok-4", input="Count", stream=True))
        called = client.responses.create(model="grok-4", input="Weather?", tools=[WEATHER])
        parsed = client.responses.parse(model="grok-4", input="An animal", text_format=Animal)
        chat = client.chat.completions.create(
            model="grok-4", messages=[{"role": "user", "content": "Count"}]
        )
        file = client.files.create(file=("a.txt", b"Total: 42 EUR"), purpose="assistants")
        content = client.files.content(file.id).read()
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve("response_of_nobody")
        client.files.delete(file.id)
    return {
        "unary": first.output_text,
        "chained": chained.output_text,
        "stored": stored.output_text,
        "stream": [event.delta for event in events if event.type.endswith("text.delta")],
        "call": called.output[0].arguments,
        "parsed": parsed.output_parsed,
        "chat": chat.choices[0].message.content,
        "content": content,
    }


@pytest.mark.peer
def test_the_openai_package(service, record, replay):
    prepare(service)
    with record() as server:
        recorded = talk_openai(server)
    assert "".join(recorded["stream"]) == "one two three"
    service.stop()
    with replay() as server:
        assert talk_openai(server, quality=70) == recorded
        assert server._engine.recorder.unused() == []


@pytest.mark.peer
def test_openai_replays_what_xai_vision_recorded(service, record, replay):
    openai = pytest.importorskip("openai")
    service.on(images=1).reply("a red block and a blue disc")
    with record() as server, Client(api_key=server.api_key, api_host=server.target) as client:
        question = user("What is it?", image(encode(scene()), detail="high"))
        answer = client.chat.create("grok-4", messages=[question]).sample().content
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": data_url(encode(scene())), "detail": "high"}},
    ]
    with replay() as server:
        with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as client:
            completion = client.chat.completions.create(
                model="grok-4", messages=[{"role": "user", "content": parts}]
            )
        assert completion.choices[0].message.content == answer == "a red block and a blue disc"


def test_a_local_model_is_recorded(service, path, replay):
    """A server with OpenAI's API has no files: the fake server answers those calls itself."""
    pytest.importorskip("starlette")
    prepare(service)
    upstream = f"openai:{service.http_url}"
    with FakeServer(
        upstream=upstream,
        upstream_key=service.api_key,
        cassette=path,
        record="rewrite",
        fixed_ids=True,
    ) as server:
        recorded = talk("xai_vision", server)
    service.stop()
    with replay(fixed_ids=True) as server:
        assert talk("xai_vision", server, quality=70) == recorded
        assert server._engine.recorder.unused() == []
    assert recorded["parsed"] == {"name": "cat", "legs": 4}
