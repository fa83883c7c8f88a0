"""However a reply is cut into chunks, it folds to the same Response."""

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

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
ids = st.uuids().map(str)


@st.composite
def outputs(draw, index: int, *, last: bool):
    is_tool = not last and draw(st.booleans())
    message = chat_pb2.CompletionMessage(
        content=draw(words),
        reasoning_content=draw(words),
        encrypted_content=draw(words),
        role=chat_pb2.ROLE_TOOL if is_tool else chat_pb2.ROLE_ASSISTANT,
    )
    for call_id in draw(st.lists(ids, max_size=2, unique=True)):
        message.tool_calls.add(
            id=call_id,
            type=chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL,
            status=chat_pb2.TOOL_CALL_STATUS_COMPLETED,
            function=chat_pb2.FunctionCall(name="f", arguments=draw(words)),
        )
    for url in draw(st.lists(words, max_size=2)):
        message.citations.add(id="1", web_citation=chat_pb2.WebCitation(url=url))
    output = chat_pb2.CompletionOutput(
        index=index, message=message, finish_reason=sample_pb2.REASON_STOP
    )
    if draw(st.booleans()):
        for token in draw(st.lists(words, min_size=1, max_size=3)):
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
        citations=draw(st.lists(words, max_size=3, unique=True)),
        service_tier=usage_pb2.SERVICE_TIER_PRIORITY,
    )
    reply.created.FromSeconds(draw(st.integers(0, 2**31)))
    for name in draw(st.lists(words, max_size=2)):
        reply.output_files.add(file_id=name)
    return reply


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({min(place, len(text)) for place in places} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def base(reply, **more) -> chat_pb2.GetChatCompletionChunk:
    chunk = chat_pb2.GetChatCompletionChunk(
        id=reply.id, model=reply.model, system_fingerprint=reply.system_fingerprint, **more
    )
    chunk.created.CopyFrom(reply.created)
    return chunk


@st.composite
def streams(draw):
    """A reply and one way to stream it: outputs interleaved, each cut anywhere."""
    reply = draw(replies())
    places = st.lists(st.integers(0, 40), max_size=4)
    queues = []
    for output in reply.outputs:
        said, role = output.message, output.message.role
        deltas = [chat_pb2.Delta(content=part) for part in cut(said.content, draw(places))]
        deltas += [
            chat_pb2.Delta(reasoning_content=part)
            for part in cut(said.reasoning_content, draw(places))
        ]
        deltas += [
            chat_pb2.Delta(encrypted_content=part)
            for part in cut(said.encrypted_content, draw(places))
        ]
        deltas += [chat_pb2.Delta(tool_calls=[call]) for call in said.tool_calls]
        deltas += [chat_pb2.Delta(citations=[cited]) for cited in said.citations]
        pieces = [chat_pb2.CompletionOutputChunk(index=output.index, delta=d) for d in deltas]
        for token in output.logprobs.content:
            pieces.append(chat_pb2.CompletionOutputChunk(index=output.index))
            pieces[-1].logprobs.content.append(token)
        first = chat_pb2.CompletionOutputChunk(index=output.index)
        first.delta.role = role
        # A blank last piece, as services send: it changes nothing but the finish reason.
        last = chat_pb2.CompletionOutputChunk(
            index=output.index, finish_reason=output.finish_reason
        )
        queues.append([first, *pieces, last])
    chunks = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        chunks.append(base(reply, outputs=[queue.pop(0)]))
    sent = base(reply, citations=reply.citations, output_files=reply.output_files)
    sent.service_tier = reply.service_tier
    sent.usage.CopyFrom(reply.usage)
    chunks.append(sent)
    if draw(st.booleans()):
        chunks.append(base(reply, citations=reply.citations))  # the list once more
    return reply, chunks


@given(streams(), st.data())
@settings(deadline=None)
def test_any_cut_folds_to_the_whole(stream, data):
    reply, chunks = stream
    fold = StreamAccumulator()
    response = Response(fold)
    looks = data.draw(st.sets(st.integers(0, len(chunks))))
    for place, chunk in enumerate(chunks):
        fold.add(chunk)
        if place in looks:  # reading in between changes nothing
            response.content, response.proto, response.finish_reason  # noqa: B018
    assert response.proto == reply
    assert response == Response(reply)
    whole = Response(reply)
    for name in ("id", "model", "content", "reasoning_content", "encrypted_content", "role"):
        assert getattr(response, name) == getattr(whole, name)
    assert response.tool_calls == whole.tool_calls
    assert response.logprobs == whole.logprobs
    for index in range(len(reply.outputs)):
        assert Response(fold, index).content == Response(reply, index).content


@given(st.lists(words, min_size=1, max_size=20))
def test_text_read_between_chunks(parts):
    fold = StreamAccumulator()
    response = Response(fold)
    held = []
    for place, part in enumerate(parts):
        piece = chat_pb2.CompletionOutputChunk(delta=chat_pb2.Delta(content=part, role=2))
        fold.add(chat_pb2.GetChatCompletionChunk(outputs=[piece]))
        held.append(response.content)
        assert held == ["".join(parts[: n + 1]) for n in range(place + 1)], "old reads stay"


def piece(index=0, finish=0, **delta) -> chat_pb2.GetChatCompletionChunk:
    output = chat_pb2.CompletionOutputChunk(
        index=index, finish_reason=finish, delta=chat_pb2.Delta(**delta)
    )
    return chat_pb2.GetChatCompletionChunk(id="r", outputs=[output])


def folded(*chunks) -> Response:
    response = Response(chat_pb2.GetChatCompletionResponse(), None)
    for chunk in chunks:
        response.process_chunk(chunk)
    return response


def test_a_blank_last_chunk_changes_nothing():
    response = folded(piece(role=2, content="x"), piece(role=0, finish=3))
    assert (response.content, response.role) == ("x", "ROLE_ASSISTANT")
    assert response.finish_reason == "REASON_STOP"


def test_a_call_that_proceeds_is_one_call():
    def call(status, arguments):
        return chat_pb2.ToolCall(
            id="1", status=status, function=chat_pb2.FunctionCall(name="f", arguments=arguments)
        )

    response = folded(
        piece(role=2, tool_calls=[call(chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS, '{"a"')]),
        piece(role=2, tool_calls=[call(chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS, ":1}")]),
        piece(role=2, tool_calls=[call(chat_pb2.TOOL_CALL_STATUS_COMPLETED, '{"a":1}')]),
    )
    (known,) = response.tool_calls
    assert known.function.arguments == '{"a":1}'
    assert known.status == chat_pb2.TOOL_CALL_STATUS_COMPLETED


def test_outputs_stand_in_order_whichever_begins_first():
    response = folded(piece(1, role=2, content="b"), piece(0, role=2, content="a"))
    assert [output.index for output in response.proto.outputs] == [0, 1]
    assert response.content == "b"
    assert Response(response.proto, 0).content == "a"


def test_the_last_turn_of_the_model_is_the_answer():
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
    response = folded(piece(role=2, content="abc"))
    for twin in (pickle.loads(pickle.dumps(response)), copy.deepcopy(response)):
        assert twin == response
        assert twin.content == "abc"
    chunk = Chunk(piece(role=2, content="abc"))
    assert pickle.loads(pickle.dumps(chunk)) == chunk


def test_chunk_properties():
    chunk = Chunk(piece(role=2, content="a"))
    assert str(chunk) == chunk.content == chunk.output == "a"
    assert len(chunk.choices) == 1
    assert list(chunk.tool_calls) == list(chunk.tool_outputs) == []
    both = chat_pb2.GetChatCompletionChunk(
        outputs=[*piece(0, role=2, content="a").outputs, *piece(1, role=5, content="t").outputs]
    )
    assert Chunk(both).content == "a"
    assert [output.content for output in Chunk(both).tool_outputs] == ["t"]
    assert Chunk(both, 1).choices[0].index == 1


def test_other_threads_may_read_along():
    fold = StreamAccumulator()
    response = Response(fold)
    words = [f"word{place} " for place in range(3000)]
    stop, seen = threading.Event(), []

    def watch() -> None:
        last = ""
        while not stop.is_set():
            text = response.content
            if not text.startswith(last):
                seen.append((last[-20:], text[-20:]))
            last = text

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for watcher in watchers:
            watcher.start()
        for word in words:
            fold.add(piece(role=2, content=word))
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()
        sys.setswitchinterval(interval)
    assert response.content == "".join(words)
    assert seen == []
