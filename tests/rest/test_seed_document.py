"""The REST examples of the seed document run with only the base URL and key changed."""

from __future__ import annotations

import ast
import inspect
import os
from pathlib import Path

import pytest

from tests.blocks import Block, blocks, execute

SEED = Path(__file__).parents[3] / "shared" / "seeds" / "image-understanding.md"

pytestmark = [
    pytest.mark.skipif(not SEED.exists(), reason="the seed document is not beside us"),
    pytest.mark.peer,
]

BLOCKS = blocks(SEED) if SEED.exists() else []
PROGRAMS = [
    block
    for block in BLOCKS
    if "client.responses.create" in block.code or "client.chat.completions" in block.code
]
FRAGMENTS = [block for block in BLOCKS if block.code.startswith("# Responses API format")]


def test_document_has_blocks():
    assert len(PROGRAMS) == 2
    assert len(FRAGMENTS) == 2


@pytest.fixture
def redirect(filled, monkeypatch):
    monkeypatch.setenv("XAI_API_KEY", filled.api_key)

    def change(block: Block) -> str:
        return block.code.replace("https://api.x.ai/v1", filled.http_url)

    return change


def check(block: Block, namespace: dict[str, object], server, printed: str) -> None:
    response = namespace["response"]
    if "responses.create" in block.code:
        text = response.output_text
        assert response.usage.input_tokens > 256
    else:
        text = response.choices[0].message.content
        assert response.usage.prompt_tokens_details.image_tokens >= 256
    assert text
    assert text in printed
    assert server.calls.last.status == "OK"
    (image,) = server.calls.last.images
    assert (image.detail, image.format) == ("high", "JPEG")


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: f"line{block.line}")
def test_programs(block, redirect, rest, filled, capsys):
    namespace = {"os": os, "client": rest}
    execute(redirect(block), f"{SEED.name}:{block.line}", namespace)
    check(block, namespace, filled, capsys.readouterr().out)
    if namespace["client"] is not rest:
        namespace["client"].close()


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: f"line{block.line}")
async def test_programs_with_asyncio(block, redirect, arest, filled, capsys):
    code = redirect(block).replace("OpenAI", "AsyncOpenAI").replace("= client.", "= await client.")
    compiled = compile(code, SEED.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    namespace = {"os": os, "client": arest}
    coroutine = eval(compiled, namespace)
    assert inspect.isawaitable(coroutine)
    await coroutine
    check(block, namespace, filled, capsys.readouterr().out)
    if namespace["client"] is not arest:
        await namespace["client"].close()


@pytest.mark.parametrize("block", FRAGMENTS, ids=lambda block: f"line{block.line}")
def test_fragments(block, rest, filled):
    part = ast.literal_eval(block.code)
    rest.responses.create(model="grok-4", input=[part])
    assert filled.calls.last.images[0].detail == part.get("detail", "auto")
