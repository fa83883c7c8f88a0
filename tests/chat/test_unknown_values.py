"""Values that a newer service may send: enums, timestamps, tool outputs."""

from __future__ import annotations

from datetime import datetime

import pytest

from xai_vision.chat import Chunk, Response
from xai_vision.errors import ToolOutputError
from xai_vision.proto import chat_pb2, timestamp_pb2

UNKNOWN = 77


def reply(**fields):
    return chat_pb2.GetChatCompletionResponse(
        outputs=[{"message": {"content": "answer", "role": 99}, "finish_reason": UNKNOWN}],
        usage={"server_side_tools_used": [4242, 4242]},
        **fields,
    )


@pytest.mark.parametrize("number", [UNKNOWN, -3])
def test_unknown_enums_have_names(number):
    proto = reply()
    proto.outputs[0].finish_reason = number
    response = Response(proto)
    assert response.finish_reason == f"UNKNOWN_{number}"
    assert response.role == "UNKNOWN_99"
    assert response.server_side_tool_usage == {"UNKNOWN_4242": 2}
    assert f"finish_reason=UNKNOWN_{number}" in repr(response)


def test_unknown_enums_of_a_chunk():
    chunk = Chunk(
        chat_pb2.GetChatCompletionChunk(
            outputs=[{"delta": {"role": 99}, "finish_reason": UNKNOWN}],
            usage={"server_side_tools_used": [4242]},
        )
    )
    assert chunk.choices[0].finish_reason == UNKNOWN
    assert chunk.choices[0].role == "UNKNOWN_99"
    assert chunk.server_side_tool_usage == {"UNKNOWN_4242": 1}


@pytest.mark.parametrize(
    ("seconds", "nanos", "expected"),
    [
        (2**62, 0, datetime.max),
        (-(2**62), 0, datetime.min),
        (10, -1000, datetime(1970, 1, 1, 0, 0, 9, 999999)),
        (10, 2**31 - 1, datetime(1970, 1, 1, 0, 0, 12, 147483)),
        (1_700_000_000, 5000, datetime(2023, 11, 14, 22, 13, 20, 5)),
    ],
)
def test_timestamps_out_of_range(seconds, nanos, expected):
    created = timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    assert Response(reply(created=created)).created == expected
    assert Chunk(chat_pb2.GetChatCompletionChunk(created=created)).created == expected


@pytest.mark.parametrize("content", ["[" * 200_000, "{", "{}", "null", '{"__type": 1}'])
def test_broken_tool_outputs(content):
    proto = chat_pb2.GetChatCompletionResponse(
        outputs=[
            {
                "message": {
                    "role": "ROLE_TOOL",
                    "content": content,
                    "tool_calls": [
                        {
                            "type": "TOOL_CALL_TYPE_IMAGE_GENERATION_TOOL",
                            "status": "TOOL_CALL_STATUS_COMPLETED",
                        }
                    ],
                }
            }
        ]
    )
    with pytest.raises(ToolOutputError, match="no image in a known format") as caught:
        _ = Response(proto).image_outputs
    assert isinstance(caught.value, ValueError)
