"""What a program loads before its first answer: nothing it does not need."""

from __future__ import annotations

import subprocess
import sys

CLIENT = "from xai_vision import AsyncClient, Client; from xai_vision.chat import image, user"
ANSWER = """
from xai_vision.testing import FakeServer
with FakeServer() as server:
    before = set(sys.modules)
    from xai_vision import Client
    from xai_vision.chat import user
    with Client(server.api_key, api_host=server.target) as client:
        client.chat.create("grok-4").append(user("Hi")).sample().content
    print(*sorted(set(sys.modules) - before))
"""
RAW = "import grpc; from xai_vision.proto import chat_pb2, image_pb2"
HEAVY = {
    "PIL", "numpy", "json", "opentelemetry", "pydantic", "click", "rich", "yaml", "openai",
    "xai_sdk", "xai_vision.testing", "xai_vision._cli", "xai_vision.services",
    "xai_vision.imaging._prepare", "xai_vision.imaging._sources.data",
    "xai_vision.chat._request.parameters", "xai_vision.chat._request.function_tool",
    "xai_vision.chat._request.structured_output", "xai_vision.chat._deferred",
}  # fmt: skip


def loaded(code):
    script = f"import sys\n{code}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_the_front_door_alone_loads_neither_grpc_nor_protobuf():
    [modules] = loaded("import xai_vision")
    assert not {"grpc", "google.protobuf", "asyncio"} & modules


def test_a_client_loads_little_more_than_grpc_and_the_messages():
    [client] = loaded(CLIENT)
    [raw] = loaded(RAW)
    added = client - raw
    assert not HEAVY & added
    # Three of them are packages that contain only a docstring.
    assert len(added) <= 68, sorted(added)


def test_a_first_answer_loads_next_to_nothing_more():
    first, _ = loaded(ANSWER)
    assert not (HEAVY - {"json"}) & first  # the fake has json loaded
    assert len(first) <= 54, sorted(first)
