"""Every split of a reply into chunks accumulates to the same Response."""

from __future__ import annotations

import copy
import itertools
import pickle
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_vision.chat import Chunk, Response, chat_pb2, usage_pb2
from xai_vision.chat._response.accumulator import StreamAccumulator
from xai_vision.proto import sample_pb2

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
ids = st.uuids().map(str)


@st.composite
def outputs(draw, index: int, *, last: bool):
    is_tool = not last and draw(st.booleans())
    message = chat_pb2.CompletionMessage(
        content=draw(texts),
        reasoning_content=draw(texts),
        encrypted_content=draw(texts),
        role=chat_pb2.ROLE_TOOL if is_tool else chat_pb2.ROLE_ASSISTANT,
    )
    for call_id in draw(st.lists(ids, max_size=2, unique=True)):
        message.tool_calls.add(
            id=call_id,
            type=chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL,
            status=chat_pb2.TOOL_CALL_STATUS_COMPLETED,
            function=chat_pb2.FunctionCall(name="f", arguments=draw(texts)),
        )
    for url in draw(st.lists(texts, max_size=2)):
        message.citations.add(id="1", web_citation=chat_pb2.WebCitation(url=url))
    output = chat_pb2.CompletionOutput(
        index=index, message=message, finish_reason=sample_pb2.REASON_STOP
    )
    if draw(st.booleans()):
        for token in draw(st.lists(texts, min_size=1, max_size=3)):
            output.logprobs.content.add(token=token, logprob=-0.5)
    return output


@st.composite
def replies(draw):
    count = draw(st.integers(1, 3))
    reply = chat_pb2.GetChatCompletionResponse(
        id=draw(ids),
        model="grok-4",
        system_fingerprint="fp",
        outputs=[draw(outputs(i, last=i == count - 1)) for i in range(count)],
        usage=usage_pb2.SamplingUsage(prompt_tokens=draw(st.integers(0, 9)), completion_tokens=3),
        citations=draw(st.lists(texts, max_size=3, unique=True)),
        service_tier=usage_pb2.SERVICE_TIER_PRIORITY,
    )
    reply.created.FromSeconds(draw(st.integers(0, 2**31)))
    for name in draw(st.lists(texts, max_size=2)):
        reply.output_files.add(file_id=name)
    return reply


def split(text: str, places: list[int]) -> list[str]:
    edges = sorted({min(place, len(text)) for place in places} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def empty_chunk(reply, **fields) -> chat_pb2.GetChatCompletionChunk:
    chunk = chat_pb2.GetChatCompletionChunk(
        id=reply.id, model=reply.model, system_fingerprint=reply.system_fingerprint, **fields
    )
    chunk.created.CopyFrom(reply.created)
    return chunk


@st.composite
def streams(draw):
    """Draw a reply and its chunks: the outputs are interleaved, and each is split anywhere."""
    reply = draw(replies())
    places = st.lists(st.integers(0, 40), max_size=4)
    queues = []
    for output in reply.outputs:
        message = output.message
        deltas = [chat_pb2.Delta(content=part) for part in split(message.content, draw(places))]
        deltas += [
            chat_pb2.Delta(reasoning_content=part)
            for part in split(message.reasoning_content, draw(places))
        ]
        deltas += [
            chat_pb2.Delta(encrypted_content=part)
            for part in split(message.encrypted_content, draw(places))
        ]
        deltas += [chat_pb2.Delta(tool_calls=[call]) for call in message.tool_calls]
        deltas += [chat_pb2.Delta(citations=[citation]) for citation in message.citations]
        output_chunks = [
            chat_pb2.CompletionOutputChunk(index=output.index, delta=d) for d in deltas
        ]
        for token in output.logprobs.content:
            output_chunks.append(chat_pb2.CompletionOutputChunk(index=output.index))
            output_chunks[-1].logprobs.content.append(token)
        first = chat_pb2.CompletionOutputChunk(index=output.index)
        first.delta.role = message.role
        # The service ends with an empty delta, which only sets the finish reason.
        last = chat_pb2.CompletionOutputChunk(
            index=output.index, finish_reason=output.finish_reason
        )
        queues.append([first, *output_chunks, last])
    chunks = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        chunks.append(empty_chunk(reply, outputs=[queue.pop(0)]))
    final = empty_chunk(reply, citations=reply.citations, output_files=reply.output_files)
    final.service_tier = reply.service_tier
    final.usage.CopyFrom(reply.usage)
    chunks.append(final)
    if draw(st.booleans()):
        # The service may repeat the list.
        chunks.append(empty_chunk(reply, citations=reply.citations))
    return reply, chunks


@given(streams(), st.data())
@settings(deadline=None)
def test_any_split_accumulates_to_the_reply(stream, data):
    reply, chunks = stream
    accumulator = StreamAccumulator()
    response = Response(accumulator)
    reads = data.draw(st.sets(st.integers(0, len(chunks))))
    for place, chunk in enumerate(chunks):
        accumulator.add(chunk)
        if place in reads:  # Reading between chunks changes nothing.
            response.content, response.proto, response.finish_reason  # noqa: B018
    assert response.proto == reply
    assert response == Response(reply)
    expected = Response(reply)
    for name in ("id", "model", "content", "reasoning_content", "encrypted_content", "role"):
        assert getattr(response, name) == getattr(expected, name)
    assert response.tool_calls == expected.tool_calls
    assert response.logprobs == expected.logprobs
    for index in range(len(reply.outputs)):
        assert Response(accumulator, index).content == Response(reply, index).content


@given(st.lists(texts, min_size=1, max_size=20))
def test_text_read_between_chunks(parts):
    accumulator = StreamAccumulator()
    response = Response(accumulator)
    texts = []
    for place, part in enumerate(parts):
        output = chat_pb2.CompletionOutputChunk(delta=chat_pb2.Delta(content=part, role=2))
        accumulator.add(chat_pb2.GetChatCompletionChunk(outputs=[output]))
        texts.append(response.content)
        assert texts == ["".join(parts[: n + 1]) for n in range(place + 1)]


def make_chunk(index=0, finish=0, **delta) -> chat_pb2.GetChatCompletionChunk:
    output = chat_pb2.CompletionOutputChunk(
        index=index, finish_reason=finish, delta=chat_pb2.Delta(**delta)
    )
    return chat_pb2.GetChatCompletionChunk(id="r", outputs=[output])


def accumulated(*chunks) -> Response:
    response = Response(chat_pb2.GetChatCompletionResponse(), None)
    for chunk in chunks:
        response.process_chunk(chunk)
    return response


def test_an_empty_last_chunk_keeps_the_content():
    response = accumulated(make_chunk(role=2, content="x"), make_chunk(role=0, finish=3))
    assert (response.content, response.role) == ("x", "ROLE_ASSISTANT")
    assert response.finish_reason == "REASON_STOP"


def test_updates_of_a_tool_call_are_merged():
    def call(status, arguments):
        return chat_pb2.ToolCall(
            id="1", status=status, function=chat_pb2.FunctionCall(name="f", arguments=arguments)
        )

    response = accumulated(
        make_chunk(role=2, tool_calls=[call(chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS, '{"a"')]),
        make_chunk(role=2, tool_calls=[call(chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS, ":1}")]),
        make_chunk(role=2, tool_calls=[call(chat_pb2.TOOL_CALL_STATUS_COMPLETED, '{"a":1}')]),
    )
    (merged,) = response.tool_calls
    assert merged.function.arguments == '{"a":1}'
    assert merged.status == chat_pb2.TOOL_CALL_STATUS_COMPLETED


def test_outputs_are_sorted_by_index():
    response = accumulated(make_chunk(1, role=2, content="b"), make_chunk(0, role=2, content="a"))
    assert [output.index for output in response.proto.outputs] == [0, 1]
    assert response.content == "b"
    assert Response(response.proto, 0).content == "a"


def test_content_is_that_of_the_last_model_turn():
    reply = chat_pb2.GetChatCompletionResponse(id="r")
    for index, (role, content) in enumerate([(2, "searching"), (2, "answer"), (5, "result")]):
        reply.outputs.add(index=index).message.MergeFrom(
            chat_pb2.CompletionMessage(role=role, content=content)
        )
    response = Response(reply)
    assert response.content == "answer"
    assert [output.message.content for output in response.tool_outputs] == ["result"]


def test_an_empty_reply():
    response = Response(chat_pb2.GetChatCompletionResponse())
    assert response.content == response.reasoning_content == ""
    assert response.role == "INVALID_ROLE"
    assert response.finish_reason == "REASON_INVALID"
    assert response.cost_usd is None


def test_cost():
    reply = chat_pb2.GetChatCompletionResponse()
    reply.usage.cost_in_usd_ticks = 12_345_678
    assert Response(reply).cost_usd == pytest.approx(0.0012345678)
    reply.usage.cost_in_usd_ticks = 0
    assert Response(reply).cost_usd == 0


def test_pickle_and_copies_of_a_growing_response():
    response = accumulated(make_chunk(role=2, content="abc"))
    for copied in (pickle.loads(pickle.dumps(response)), copy.deepcopy(response)):
        assert copied == response
        assert copied.content == "abc"
    chunk = Chunk(make_chunk(role=2, content="abc"))
    assert pickle.loads(pickle.dumps(chunk)) == chunk


def test_chunk_properties():
    chunk = Chunk(make_chunk(role=2, content="a"))
    assert str(chunk) == chunk.content == chunk.output == "a"
    assert len(chunk.choices) == 1
    assert list(chunk.tool_calls) == list(chunk.tool_outputs) == []
    both = chat_pb2.GetChatCompletionChunk(
        outputs=[
            *make_chunk(0, role=2, content="a").outputs,
            *make_chunk(1, role=5, content="t").outputs,
        ]
    )
    assert Chunk(both).content == "a"
    assert [output.content for output in Chunk(both).tool_outputs] == ["t"]
    assert Chunk(both, 1).choices[0].index == 1


def test_other_threads_can_read_during_a_stream():
    accumulator = StreamAccumulator()
    response = Response(accumulator)
    words = [f"word{place} " for place in range(3000)]
    stop, errors = threading.Event(), []

    def watch() -> None:
        last = ""
        while not stop.is_set():
            text = response.content
            if not text.startswith(last):
                errors.append((last[-20:], text[-20:]))
            last = text

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for watcher in watchers:
            watcher.start()
        for word in words:
            accumulator.add(make_chunk(role=2, content=word))
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join(60)
        sys.setswitchinterval(interval)
    assert response.content == "".join(words)
    assert errors == []
