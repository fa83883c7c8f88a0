"""The memory and steps of accumulating a stream grow in proportion to the stream."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.counting import calls_of
from xai_vision.chat._response.accumulator import StreamAccumulator
from xai_vision.proto import chat_pb2

PART = 1024
COUNT = 2000

SCRIPT = """
    import resource, sys
    from xai_vision.chat import Response
    from xai_vision.chat._response.accumulator import StreamAccumulator
    from xai_vision.proto import chat_pb2

    kind, read = sys.argv[1:]
    accumulator = StreamAccumulator()
    response = Response(accumulator)
    part = "x" * PART

    def chunk(number):
        if kind == "arguments":
            call = {"id": "a", "function": {"name": "f", "arguments": part + str(number)}}
            delta = {"tool_calls": [call]}
        else:
            delta = {kind: part}
        return chat_pb2.GetChatCompletionChunk(outputs=[{"delta": delta}])

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    for number in range(50):
        accumulator.add(chunk(number))
    before = peak()
    for number in range(COUNT):
        accumulator.add(chunk(number))
        if read == "text":
            response.content, response.encrypted_content
        elif read == "calls":
            response.tool_calls
    if read == "proto":
        for _ in range(20):
            response.proto
    print(peak() - before)
"""


@pytest.mark.parametrize("kind", ["content", "reasoning_content", "encrypted_content", "arguments"])
@pytest.mark.parametrize("read", ["no", "text", "calls", "proto"])
def test_memory(kind, read):
    """Two MiB of text; protobuf alone took 2.5 GiB and more."""
    script = textwrap.dedent(SCRIPT).replace("PART", str(PART)).replace("COUNT", str(COUNT))
    done = subprocess.run(
        [sys.executable, "-c", script, kind, read], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 16 * PART * COUNT


def tool_calls(count):
    calls = [{"id": str(number), "function": {"name": "f"}} for number in range(count)]
    return chat_pb2.GetChatCompletionChunk(outputs=[{"delta": {"tool_calls": calls}}])


def outputs(count):
    return chat_pb2.GetChatCompletionChunk(
        outputs=[{"index": count - number, "delta": {"content": "x"}} for number in range(count)]
    )


@pytest.mark.parametrize("make", [tool_calls, outputs])
def test_steps_of_one_large_chunk(make):
    def accumulate(count):
        accumulator = StreamAccumulator()
        accumulator.add(make(count))
        return calls_of(accumulator.reply_without_text)

    assert accumulate(4000) < 2.2 * accumulate(2000)
