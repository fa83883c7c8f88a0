"""What a chunk costs: as much late in a long answer as early, and no threads of its own."""

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

PIECE = "a few words "


def chunk():
    made = chat_pb2.GetChatCompletionChunk(id="1", model="grok-4")
    made.outputs.add().delta.content = PIECE
    made.outputs[0].delta.role = chat_pb2.ROLE_ASSISTANT
    return made


@pytest.mark.parametrize("read", [True, False])
def test_chunk_16_000_takes_the_steps_that_chunk_500_took(read):
    fold = StreamAccumulator()
    response = Response(fold)
    pieces = [chunk() for _ in range(256)]

    def some():
        for piece in pieces:
            fold.add(piece)
            if read:
                assert response.content

    def upto(count):
        while response.proto.ByteSize() < count * len(PIECE):
            for piece in pieces:
                fold.add(piece)

    upto(500)
    early = calls_of(some)
    upto(16_000)
    late = calls_of(some)
    assert late <= early * 1.05
    assert early / len(pieces) < (30 if read else 20)


def test_a_long_answer_read_at_every_chunk_is_held_once():
    response, count = Response(fold := StreamAccumulator()), 16_000
    piece = chunk()
    for _ in range(500):
        fold.add(piece)
    tracemalloc.start()
    try:
        for _ in range(count):
            fold.add(piece)
            assert response.content
        now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    text = count * len(PIECE)
    assert now < 2 * text
    # Grown in place, or moved now and then; never one text per chunk.
    assert most < 4 * text


def test_calls_start_no_threads(monkeypatch):
    started = []
    plain = threading.Thread.start

    def start(thread):
        started.append(thread.name)
        plain(thread)

    with FakeServer() as server, Client(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4").append(user("Hi"))
        chat.sample()
        list(chat.stream())
        monkeypatch.setattr(threading.Thread, "start", start)
        for _ in range(20):
            chat.sample()
            list(chat.stream())
    ours = [name for name in started if not name.startswith("xai-vision-fake")]
    # grpc minds a channel by one thread, which it may renew; the rest is the server's.
    assert len(ours) <= 10, ours
