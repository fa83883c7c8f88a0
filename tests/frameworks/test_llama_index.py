"""llama-index-llms-grok: chat, streams, structured output and turns.

It sends texts only: neither images nor tools.
"""

from __future__ import annotations

import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index_llms_grok import Grok

from tests.frameworks.models import CAT, Animal


@pytest.fixture
def llm():
    llm = Grok(model="grok-4", temperature=0.5)
    yield llm
    llm._client.close()


TURNS = [
    ChatMessage(role="system", content="Be brief"),
    ChatMessage(role="user", content="Hi"),
    ChatMessage(role="assistant", content="Hello"),
    ChatMessage(role="user", content="And now?"),
]


def test_turns(llm, server):
    server.on().reply("Bye")
    response = llm.chat(TURNS)
    assert response.message.content == "Bye"
    assert response.raw["finish_reason"] == "REASON_STOP"
    assert response.additional_kwargs["total_tokens"] == response.raw["usage"]["total_tokens"] > 0
    assert [m.content[0].text for m in server.calls.last.messages] == [m.content for m in TURNS]
    assert server.calls.last.request.temperature == 0.5


def test_a_stream(llm, server):
    server.on().reply("one two three", chunks=3)
    deltas = [part.delta for part in llm.stream_chat(TURNS)]
    assert "".join(deltas) == "one two three"
    assert server.calls.last.stream


async def test_asyncio(llm, server):
    server.on().replies("one", "two")
    assert (await llm.acomplete("Hi")).text == "one"
    assert "".join([part.delta async for part in llm.astream_complete("Hi")]) == "two"


def test_structured_output(llm, server):
    server.on().reply(CAT)
    animal = llm.structured_predict(Animal, PromptTemplate("Which animal has {n} legs?"), n=4)
    assert animal == Animal(name="cat", legs=4)
    assert "Which animal has 4 legs?" in server.calls.last.prompt
