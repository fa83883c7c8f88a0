"""Every gRPC block of the user's documents runs unchanged.

The documents are next to the project, not in it. Without them these tests are skipped, and the
programs in examples/ cover the same uses.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examples import images
from tests.blocks import Block, blocks, execute, fill_urls, pointed_at
from tests.conftest import SEED_URLS
from xai_vision.chat import Response

SEED = Path(__file__).parents[2] / "shared" / "seeds" / "image-understanding.md"

pytestmark = pytest.mark.skipif(not SEED.exists(), reason="the seed document is missing")

BLOCKS = blocks(SEED) if SEED.exists() else []
GRPC = [block for block in BLOCKS if "from xai_sdk import Client" in block.code]


@pytest.fixture
def seed(server, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XAI_API_KEY", server.api_key)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.jpg").write_bytes(images.jpeg())
    fill_urls(server, SEED_URLS)

    def run(block: Block, **variables: object) -> dict[str, object]:
        namespace: dict[str, object] = {"os": os, **variables}
        execute(pointed_at(block.code, server.target), f"{SEED.name}:{block.line}", namespace)
        namespace["printed"] = capsys.readouterr().out
        return namespace

    return run


def test_document_has_blocks():
    assert len(BLOCKS) >= 15
    assert len(GRPC) == 6


@pytest.mark.parametrize("block", GRPC, ids=lambda block: f"line{block.line}")
def test_programs(block, seed, server):
    namespace = seed(block)
    response = namespace["response"]
    assert isinstance(response, Response)
    assert response.content
    assert response.content in namespace["printed"]
    calls = [call for call in server.calls if call.method == "GetCompletion"]
    assert calls
    assert all(call.status == "OK" for call in calls)
    assert calls[0].images


def test_the_basic_program_prints_the_response_and_its_id(seed, server):
    namespace = seed(GRPC[0])
    lines = namespace["printed"].strip().splitlines()
    assert lines[-1] == namespace["response"].id
    image = server.calls.last.images[0]
    assert (image.format, image.detail) == ("PNG", "high")


def test_storing_can_be_disabled(seed, server):
    seed(GRPC[1])
    assert server.calls.last.request.store_messages is False


def test_base64_arrives_unchanged(seed, server):
    import hashlib

    seed(next(block for block in GRPC if "b64encode" in block.code))
    assert server.calls.last.images[0].sha256 == hashlib.sha256(images.jpeg()).hexdigest()


def test_the_order_of_text_and_images_is_preserved(seed, server):
    seed(next(block for block in GRPC if "image2.jpg" in block.code))
    parts = server.calls.last.request.messages[0].content
    assert [part.WhichOneof("content") for part in parts] == [
        "text",
        "image_url",
        "image_url",
        "text",
    ]
    assert parts[1].image_url.image_url.endswith("image1.jpg")
    assert parts[2].image_url.image_url.endswith("image2.jpg")


def test_chaining(seed, server):
    namespace = seed(next(block for block in GRPC if "previous_response_id" in block.code))
    first, second = server.calls[-2:]
    assert second.request.previous_response_id == namespace["response"].id == first.response.id
    assert namespace["second_response"].usage.prompt_image_tokens > 0


@pytest.mark.parametrize(
    "block",
    [b for b in BLOCKS if b.code.startswith("# xAI SDK")],
    ids=lambda block: f"line{block.line}",
)
def test_fragments(block, seed, client):
    from xai_vision.chat import image, user

    chat = client.chat.create("grok-4")
    seed(block, chat=chat, user=user, image=image)
    if "chat.append" in block.code:
        assert "example.com/image.jpg" in repr(chat.messages[0])
