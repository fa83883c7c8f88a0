"""A program imports no modules that it does not need for its first response."""

from __future__ import annotations

import subprocess
import sys

CLIENT = "from xai_vision import AsyncClient, Client; from xai_vision.chat import image, user"
RESPONSE = """
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
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return [set(line.split()) for line in result.stdout.splitlines()]


def test_the_package_imports_neither_grpc_nor_protobuf():
    [modules] = loaded("import xai_vision")
    assert not {"grpc", "google.protobuf", "asyncio"} & modules


def test_the_client_imports_little_more_than_grpc_and_the_messages():
    [client] = loaded(CLIENT)
    [raw] = loaded(RAW)
    added = client - raw
    assert not HEAVY & added
    # Three of them are packages that contain only a docstring.
    assert len(added) <= 70, sorted(added)


def test_the_first_response_imports_few_modules():
    first, _ = loaded(RESPONSE)
    assert not (HEAVY - {"json"}) & first  # The fake server imports json.
    assert len(first) <= 56, sorted(first)
