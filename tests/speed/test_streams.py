"""The cost of a chunk: constant over a long response, and without extra threads."""

from __future__ import annotations

import threading
import tracemalloc

import pytest

from tests.counting import calls_of
from xai_vision import Client
from xai_vision.chat import Response, user
from xai_vision.chat._response.accumulator import StreamAccumulator
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer

TEXT = "a few words "


def make_chunk():
    message = chat_pb2.GetChatCompletionChunk(id="1", model="grok-4")
    message.outputs.add().delta.content = TEXT
    message.outputs[0].delta.role = chat_pb2.ROLE_ASSISTANT
    return message


@pytest.mark.parametrize("read", [True, False])
def test_the_cost_of_a_chunk_does_not_grow(read):
    accumulator = StreamAccumulator()
    response = Response(accumulator)
    chunks = [make_chunk() for _ in range(256)]

    def add_chunks():
        for chunk in chunks:
            accumulator.add(chunk)
            if read:
                assert response.content

    def fill(count):
        while response.proto.ByteSize() < count * len(TEXT):
            for chunk in chunks:
                accumulator.add(chunk)

    fill(500)
    early = calls_of(add_chunks)
    fill(16_000)
    late = calls_of(add_chunks)
    assert late <= early * 1.05
    assert early / len(chunks) < (30 if read else 20)


def test_a_long_response_read_at_every_chunk_is_stored_once():
    response, count = Response(accumulator := StreamAccumulator()), 16_000
    chunk = make_chunk()
    for _ in range(500):
        accumulator.add(chunk)
    tracemalloc.start()
    try:
        for _ in range(count):
            accumulator.add(chunk)
            assert response.content
        size, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    text = count * len(TEXT)
    assert size < 2 * text
    # The text grows in place or is moved now and then, but is not copied for each chunk.
    assert peak < 4 * text


def test_calls_start_no_threads(monkeypatch):
    started = []
    original_start = threading.Thread.start

    def start(thread):
        started.append(thread.name)
        original_start(thread)

    with FakeServer() as server, Client(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4").append(user("Hi"))
        chat.sample()
        list(chat.stream())
        monkeypatch.setattr(threading.Thread, "start", start)
        for _ in range(20):
            chat.sample()
            list(chat.stream())
    ours = [name for name in started if not name.startswith("xai-vision-fake")]
    # gRPC has one thread per channel, which it may restart; the others are the server's.
    assert len(ours) <= 10, ours
