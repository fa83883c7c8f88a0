"""Splitting generated responses into chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xai_vision.proto import chat_pb2
from xai_vision.testing._service.response import tokens
from xai_vision.testing._service.response.chunking import split_response, split_text


@given(st.text())
def test_tokens_joined_are_the_text(text):
    assert "".join(tokens.split(text)) == text
    assert tokens.count(text) == len(tokens.split(text))


@given(st.text(), st.none() | st.integers(1, 9))
def test_chunks_joined_are_the_text(text, count):
    chunks = split_text(text, count)
    assert "".join(chunks) == text
    assert all(chunks)
    if count:
        assert len(chunks) == min(count, tokens.count(text))


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=20)), min_size=1, max_size=4))
def test_chunks_merge_to_the_response(choices):
    response = chat_pb2.GetChatCompletionResponse(id="1", citations=["https://e.x"])
    response.usage.total_tokens = 5
    for index, (content, reasoning) in enumerate(choices):
        output = response.outputs.add(index=index, finish_reason=3)
        output.message.role = chat_pb2.ROLE_ASSISTANT
        output.message.content, output.message.reasoning_content = content, reasoning
    merged = chat_pb2.GetChatCompletionResponse(id="1")
    for index in range(len(choices)):
        merged.outputs.add(index=index)
    for chunk in split_response(response):
        merged.usage.MergeFrom(chunk.usage)
        merged.citations.extend(chunk.citations)
        for part in chunk.outputs:
            output = merged.outputs[part.index]
            output.message.content += part.delta.content
            output.message.reasoning_content += part.delta.reasoning_content
            output.message.role = part.delta.role
            assert output.finish_reason == 0
            output.finish_reason = part.finish_reason
    assert merged == response
