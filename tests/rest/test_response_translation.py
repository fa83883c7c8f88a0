"""Translation of responses to JSON, complete and streamed."""

from __future__ import annotations

import json

import pytest

from tests.proto.filler import variants
from xai_vision.chat import chat_pb2, usage_pb2
from xai_vision.openai_compat import chat_chunks, from_response, response_events, to_request
from xai_vision.testing._calls.record import Call
from xai_vision.testing._server import FakeServer
from xai_vision.testing._service import completions
from xai_vision.testing._service.api_keys import ApiKey
from xai_vision.testing._service.response.chunking import split_response


def generate(**body):
    engine = FakeServer()._engine
    request = to_request({"model": "grok-4", "input": "What weather?", **body})
    call = engine.start_call(Call("GetCompletion", "xai_api.Chat"))
    return completions.complete(engine, request, ApiKey(), call)


WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


def done_items(events):
    """Return the items with a done event, in the order of the response."""
    done = {
        e["output_index"]: e["item"] for e in events if e["type"] == "response.output_item.done"
    }
    assert len(done) == sum(e["type"] == "response.output_item.done" for e in events)
    return [(item["type"], item["id"]) for _, item in sorted(done.items())]


ENCRYPTED = {"include": ["reasoning.encrypted_content"]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tools": [WEATHER]},
        ENCRYPTED,
        {**ENCRYPTED, "reasoning": {"effort": "none"}},
        {**ENCRYPTED, "tools": [WEATHER], "tool_choice": "required"},
        {**ENCRYPTED, "tools": [WEATHER], "reasoning": {"effort": "none"}},
        {**ENCRYPTED, "tools": [{"type": "web_search"}], "reasoning": {"effort": "none"}},
        {"tools": [{"type": "web_search", "enable_image_understanding": True}]},
        {"tools": [{"type": "image_generation"}, {"type": "code_interpreter"}]},
        {"max_output_tokens": 2},
        {"reasoning": {"effort": "high"}, "include": ["reasoning.encrypted_content"]},
        {"logprobs": True, "top_logprobs": 1},
    ],
)
def test_stream_ends_with_the_whole_response(body):
    response = generate(**body)
    complete = from_response(response, api="responses")
    events = list(response_events(split_response(response), response.settings))
    assert events[-1]["response"] == complete
    assert done_items(events) == [(item["type"], item["id"]) for item in complete["output"]]
    chat = from_response(response, api="chat")
    chunks = list(chat_chunks(split_response(response), include_usage=True))
    texts = [c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"]]
    assert "".join(texts) == (chat["choices"][0]["message"]["content"] or "")
    assert chunks[-1]["usage"] == chat["usage"]
    assert "usage" not in list(chat_chunks(split_response(response)))[-1]


@pytest.mark.parametrize("effort", ["none", "high"])
def test_encrypted_reasoning_precedes_the_text(effort):
    response = generate(**ENCRYPTED, reasoning={"effort": effort})
    complete = from_response(response, api="responses")
    assert [item["type"] for item in complete["output"]] == ["reasoning", "message"]
    assert complete["output"][0]["encrypted_content"]
    events = list(response_events(split_response(response), response.settings))
    added = [e for e in events if e["type"] == "response.output_item.added"]
    assert [(e["output_index"], e["item"]["type"]) for e in added] == [
        (0, "reasoning"),
        (1, "message"),
    ]
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert complete["output"][0] in done
    assert events[-1]["response"]["output"] == complete["output"]


def test_unannounced_encrypted_reasoning_comes_last():
    response = generate(**ENCRYPTED, reasoning={"effort": "none"})
    events = list(response_events(split_response(response)))
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["message", "reasoning"]


def test_requested_encrypted_reasoning_may_be_missing():
    response = generate(**ENCRYPTED, reasoning={"effort": "none"})
    response.outputs[0].message.ClearField("encrypted_content")
    complete = from_response(response, api="responses")
    events = list(response_events(split_response(response), response.settings))
    assert events[-1]["response"] == complete
    assert "encrypted_content" not in complete["output"][0]
    assert done_items(events) == [(item["type"], item["id"]) for item in complete["output"]]


def test_full_and_empty_responses():
    """Every response can be written, even with all fields set."""
    for full in variants(chat_pb2.GetChatCompletionResponse):
        full.service_tier = usage_pb2.SERVICE_TIER_PRIORITY
        for api in ("chat", "responses"):
            assert from_response(full, api=api)["service_tier"] == "priority"
    assert from_response(chat_pb2.GetChatCompletionResponse(), api="chat")["choices"] == []
    assert from_response(chat_pb2.GetChatCompletionResponse(), api="responses")["output"] == []


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    "kind", ["WEB_SEARCH", "X_SEARCH", "IMAGE_GENERATION", "MCP", "CODE_EXECUTION"]
)
def test_deeply_nested_json_of_a_server_side_call(api, kind):
    deep = "[" * 200_000
    call = {"id": "1", "type": f"TOOL_CALL_TYPE_{kind}_TOOL"}
    response = chat_pb2.GetChatCompletionResponse(
        outputs=[
            {
                "message": {
                    "role": "ROLE_ASSISTANT",
                    "tool_calls": [{**call, "function": {"name": "f", "arguments": deep}}],
                }
            },
            {"index": 1, "message": {"role": "ROLE_TOOL", "content": deep, "tool_calls": [call]}},
        ]
    )
    assert json.dumps(from_response(response, api=api))
