"""Cutting answers into chunks, over generated answers."""

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
def test_pieces_joined_are_the_text(text, into):
    pieces = split_text(text, into)
    assert "".join(pieces) == text
    assert all(pieces)
    if into:
        assert len(pieces) == min(into, tokens.count(text))


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=20)), min_size=1, max_size=4))
def test_chunks_fold_to_the_answer(answers):
    response = chat_pb2.GetChatCompletionResponse(id="1", citations=["https://e.x"])
    response.usage.total_tokens = 5
    for index, (content, reasoning) in enumerate(answers):
        output = response.outputs.add(index=index, finish_reason=3)
        output.message.role = chat_pb2.ROLE_ASSISTANT
        output.message.content, output.message.reasoning_content = content, reasoning
    folded = chat_pb2.GetChatCompletionResponse(id="1")
    for index in range(len(answers)):
        folded.outputs.add(index=index)
    for chunk in split_response(response):
        folded.usage.MergeFrom(chunk.usage)
        folded.citations.extend(chunk.citations)
        for part in chunk.outputs:
            there = folded.outputs[part.index]
            there.message.content += part.delta.content
            there.message.reasoning_content += part.delta.reasoning_content
            there.message.role = part.delta.role
            assert there.finish_reason == 0
            there.finish_reason = part.finish_reason
    assert folded == response
