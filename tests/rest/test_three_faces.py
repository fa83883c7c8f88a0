"""The same question over gRPC, the Responses API and Chat Completions."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.rest.plain import ask, complete, respond
from tests.sample_images import jpeg, png
from tests.testing.asking import connected, data_url, picture, request, said
from xai_vision.openai_compat import from_request, from_response
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import FunctionCall, Reply, match

QUESTION = "What is on these?"
PICTURES = [(data_url(jpeg()), "high"), (data_url(png(), "image/png"), "low")]
FUNCTION = chat_pb2.Tool(
    function=chat_pb2.Function(name="get_weather", parameters='{"type": "object"}')
)


@pytest.fixture
def rpc(server):
    with connected(server) as asker:
        yield asker


def everywhere(server, rpc, asked):
    """The answers of the three faces to one request."""
    over = {}
    over["grpc"] = rpc.chat.GetCompletion(asked, metadata=rpc.metadata, timeout=20)
    for api, path in (("responses", "/responses"), ("chat", "/chat/completions")):
        reply = ask(server, "POST", path, from_request(asked, api=api))
        assert reply.status == 200, reply.json
        over[api] = reply.json
    return over


def spoken(over):
    (choice,) = over["chat"]["choices"]
    items = [item for item in over["responses"]["output"] if item["type"] == "message"]
    return [
        over["grpc"].outputs[-1].message.content,
        items[-1]["content"][0]["text"],
        choice["message"]["content"],
    ]


def counted(over):
    grpc, responses, chat = over["grpc"].usage, over["responses"]["usage"], over["chat"]["usage"]
    assert grpc.prompt_image_tokens == chat["prompt_tokens_details"]["image_tokens"]
    assert grpc.completion_tokens == chat["completion_tokens"]
    assert grpc.completion_tokens + grpc.reasoning_tokens == responses["output_tokens"]
    return [
        (grpc.prompt_tokens, grpc.total_tokens, grpc.cost_in_usd_ticks),
        (responses["input_tokens"], responses["total_tokens"], responses["cost_in_usd_ticks"]),
        (chat["prompt_tokens"], chat["total_tokens"], chat["cost_in_usd_ticks"]),
    ]


SETTINGS = pytest.mark.parametrize(
    "settings",
    [
        {},
        {"max_tokens": 3, "temperature": 0.3},
        {"reasoning_effort": chat_pb2.EFFORT_HIGH},
        {"response_format": chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_OBJECT)},
        {"tools": [chat_pb2.Tool(web_search=chat_pb2.WebSearch(enable_image_understanding=True))]},
    ],
    ids=["plain", "cut", "reasoning", "json", "search"],
)


@SETTINGS
def test_the_same_answer_and_tokens(server, rpc, settings):
    parts = [QUESTION, *(picture(url, detail) for url, detail in PICTURES)]
    over = everywhere(server, rpc, request(*parts, **settings))
    assert len(set(spoken(over))) == 1
    assert len(set(counted(over))) == 1
    asked = [call.request.messages for call in server.calls]
    assert asked[0] == asked[1] == asked[2]
    assert [[one.detail for one in call.images] for call in server.calls] == [["high", "low"]] * 3
    assert len({call.status for call in server.calls}) == 1


@pytest.mark.parametrize("wanted", ["answer", "call"])
def test_a_schema_that_asks_for_too_much(server, rpc, wanted):
    schema = {"type": "string"}
    for _ in range(4):
        schema = {"type": "array", "minItems": 300, "items": schema}
    schema = json.dumps(schema)
    form = chat_pb2.FORMAT_TYPE_JSON_SCHEMA
    function = chat_pb2.Function(name="f", parameters=schema)
    settings = {
        "answer": {"response_format": chat_pb2.ResponseFormat(format_type=form, schema=schema)},
        "call": {
            "tools": [chat_pb2.Tool(function=function)],
            "tool_choice": chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_REQUIRED),
        },
    }[wanted]
    asked = request(QUESTION, **settings)
    words = "The schema asks for more than an answer can hold: 500000 characters."
    with pytest.raises(grpc.RpcError, match=words) as caught:
        rpc.chat.GetCompletion(asked, metadata=rpc.metadata, timeout=20)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    for api, path in (("responses", "/responses"), ("chat", "/chat/completions")):
        reply = ask(server, "POST", path, from_request(asked, api=api))
        assert (reply.status, reply.json["error"]) == (400, words)
    server.verify()


@SETTINGS
def test_the_same_streams(server, rpc, settings):
    asked = request(QUESTION, picture(*PICTURES[0]), **settings)
    pieces = list(rpc.chat.GetCompletionChunk(asked, metadata=rpc.metadata, timeout=20))
    body = from_request(asked, api="responses")
    events = ask(server, "POST", "/responses", {**body, "stream": True}).events
    body = from_request(asked, api="chat") | {"stream_options": {"include_usage": True}}
    chunks = ask(server, "POST", "/chat/completions", {**body, "stream": True}).events[:-1]
    grpc = "".join(output.delta.content for piece in pieces for output in piece.outputs)
    deltas = [e["delta"] for e in events[:-1] if e["type"] == "response.output_text.delta"]
    said = [one["delta"].get("content") or "" for chunk in chunks for one in chunk["choices"]]
    assert grpc == "".join(deltas) == "".join(said) != ""
    usage, counted = pieces[-1].usage, chunks[-1]["usage"]
    whole = events[-2]["response"]["usage"]
    assert usage.prompt_tokens == counted["prompt_tokens"] == whole["input_tokens"]
    assert usage.prompt_image_tokens == counted["prompt_tokens_details"]["image_tokens"] > 0
    assert usage.total_tokens == counted["total_tokens"] == whole["total_tokens"]
    # And it is the answer that all give at once.
    over = everywhere(server, rpc, asked)
    assert spoken(over) == [grpc] * 3
    assert over["grpc"].usage == usage


def test_the_same_stored_conversation(server, rpc):
    """Stored over each face, continued over each that can."""
    asked = request(QUESTION, picture(*PICTURES[0]), store_messages=True)
    over = everywhere(server, rpc, asked)
    ids = [over["grpc"].id, over["responses"]["id"], over["chat"]["id"]]
    kept = [server.store.get(one) for one in ids]
    assert len({one.conversation.prompt for one in kept}) == 1
    assert [one.conversation.message_count for one in kept] == [2, 2, 2]
    told = set()
    for one in ids:
        grpc = rpc("And now?", previous_response_id=one)
        rest = respond(server, "And now?", previous_response_id=one, store=False).json
        assert rest["output"][0]["content"][0]["text"] == grpc.outputs[0].message.content
        told.add((grpc.usage.prompt_tokens, grpc.usage.prompt_image_tokens))
        told.add((rest["usage"]["input_tokens"], grpc.usage.prompt_image_tokens))
        assert ask(server, "GET", f"/responses/{one}").json["store"] is True
    assert len(told) == 1


def test_the_same_call_of_a_function(server, rpc):
    server.on().reply(Reply(tool_calls=[FunctionCall("get_weather", {"city": "Oslo"}, "call-1")]))
    over = everywhere(server, rpc, request("Weather?", tools=[FUNCTION]))
    (grpc,) = over["grpc"].outputs[0].message.tool_calls
    (item,) = over["responses"]["output"]
    (chat,) = over["chat"]["choices"][0]["message"]["tool_calls"]
    assert grpc.id == item["call_id"] == chat["id"] == "call-1"
    assert grpc.function.arguments == item["arguments"] == chat["function"]["arguments"]


def test_the_same_results_of_a_function(server, rpc):
    asked = chat_pb2.ToolCall(
        id="c", type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL, function={"name": "f"}
    )
    called = chat_pb2.Message(role=chat_pb2.ROLE_ASSISTANT, tool_calls=[asked, asked])
    result = said("sunny", role=chat_pb2.ROLE_TOOL)
    result.tool_call_id = "c"
    over = everywhere(server, rpc, request(messages=[said("Hi"), called, result, result]))
    assert len(set(spoken(over))) == 1
    assert len(set(counted(over))) == 1


def test_stored_over_rest_continued_over_grpc_and_back(server, rpc):
    image = {"type": "input_image", "image_url": PICTURES[0][0]}
    first = respond(server, [image]).json
    second = rpc("And now?", previous_response_id=first["id"], store_messages=True)
    third = respond(server, "And then?", previous_response_id=second.id).json
    assert server.calls.last.earlier_images[0].data == jpeg()
    assert third["previous_response_id"] == second.id
    tokens = [
        first["usage"]["input_tokens"],
        second.usage.prompt_tokens,
        third["usage"]["input_tokens"],
    ]
    assert tokens == sorted(tokens)
    assert second.usage.prompt_image_tokens > 0
    # What is stored is the same, whoever reads it.
    stored = chat_pb2.GetStoredCompletionRequest(response_id=third["id"])
    over_grpc = rpc.chat.GetStoredCompletion(stored, metadata=rpc.metadata, timeout=20)
    assert from_response(over_grpc, api="responses") == third
    assert ask(server, "GET", f"/responses/{second.id}").json == from_response(
        second, api="responses"
    )
    ask(server, "DELETE", f"/responses/{second.id}")
    with pytest.raises(Exception, match="Response not found"):
        rpc("On?", previous_response_id=second.id)


def test_deferred_over_rest_and_fetched_over_grpc(server, rpc):
    server.deferred(ready_after_polls=0)
    ticket = complete(server, deferred=True).json["request_id"]
    done = rpc.chat.GetDeferredCompletion(
        deferred_pb2.GetDeferredRequest(request_id=ticket), metadata=rpc.metadata, timeout=20
    )
    told = ask(server, "GET", f"/chat/deferred-completion/{ticket}").json
    assert told == from_response(done.response, api="chat")


def test_one_rule_one_limit_one_fault_for_all(server, rpc):
    rule = server.on(prompt=match.contains("ping"), images=0).reply("pong")
    over = everywhere(server, rpc, request("ping"))
    assert spoken(over) == ["pong"] * 3
    assert rule.uses == 3
    server.rate_limit(requests=3, burst=1)
    assert respond(server).status == 200
    assert rpc("Hi")
    assert complete(server).status == 200
    assert respond(server).status == 429
    assert rpc.refusal("Hi")[0] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("schema", [{"const": "\ud800"}, {"properties": {"\ud800": {}}}])
def test_a_schema_with_half_a_character(server, schema):
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}}
    said = [{"role": "user", "content": "Hi"}]
    body = {"model": "grok-4", "messages": said, "response_format": form}
    reply = ask(server, "POST", "/chat/completions", body)
    assert reply.status == 400
    assert "The schema contains a lone surrogate, '\\ud800'" in reply.json["error"]
    server.verify()
