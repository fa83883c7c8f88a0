"""The same request over gRPC, the Responses API and Chat Completions."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.rest.http_client import ask, complete, respond
from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import chat_message, data_url, image_part, open_caller, request
from xai_vision.openai_compat import from_request, from_response
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import FunctionCall, Reply, match

QUESTION = "What is on these?"
IMAGES = [(data_url(jpeg()), "high"), (data_url(png(), "image/png"), "low")]
FUNCTION = chat_pb2.Tool(
    function=chat_pb2.Function(name="get_weather", parameters='{"type": "object"}')
)


@pytest.fixture
def rpc(server):
    with open_caller(server) as caller:
        yield caller


def call_all(server, rpc, sent):
    """Return the responses of the three APIs to one request."""
    results = {}
    results["grpc"] = rpc.chat.GetCompletion(sent, metadata=rpc.metadata, timeout=30)
    for api, path in (("responses", "/responses"), ("chat", "/chat/completions")):
        reply = ask(server, "POST", path, from_request(sent, api=api))
        assert reply.status == 200, reply.json
        results[api] = reply.json
    return results


def texts_of(results):
    (choice,) = results["chat"]["choices"]
    items = [item for item in results["responses"]["output"] if item["type"] == "message"]
    return [
        results["grpc"].outputs[-1].message.content,
        items[-1]["content"][0]["text"],
        choice["message"]["content"],
    ]


def usage_of(results):
    grpc, responses, chat = (
        results["grpc"].usage,
        results["responses"]["usage"],
        results["chat"]["usage"],
    )
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
def test_same_response_and_tokens(server, rpc, settings):
    parts = [QUESTION, *(image_part(url, detail) for url, detail in IMAGES)]
    results = call_all(server, rpc, request(*parts, **settings))
    assert len(set(texts_of(results))) == 1
    assert len(set(usage_of(results))) == 1
    sent = [call.request.messages for call in server.calls]
    assert sent[0] == sent[1] == sent[2]
    assert [[item.detail for item in call.images] for call in server.calls] == [["high", "low"]] * 3
    assert len({call.status for call in server.calls}) == 1


@pytest.mark.parametrize("target", ["answer", "call"])
def test_too_large_schema_is_rejected(server, rpc, target):
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
    }[target]
    sent = request(QUESTION, **settings)
    message = "The schema requires too large a value. The limit is 500000 characters."
    with pytest.raises(grpc.RpcError, match=message) as caught:
        rpc.chat.GetCompletion(sent, metadata=rpc.metadata, timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    for api, path in (("responses", "/responses"), ("chat", "/chat/completions")):
        reply = ask(server, "POST", path, from_request(sent, api=api))
        assert (reply.status, reply.json["error"]) == (400, message)
    server.verify()


@SETTINGS
def test_same_streams(server, rpc, settings):
    sent = request(QUESTION, image_part(*IMAGES[0]), **settings)
    proto_chunks = list(rpc.chat.GetCompletionChunk(sent, metadata=rpc.metadata, timeout=30))
    body = from_request(sent, api="responses")
    events = ask(server, "POST", "/responses", {**body, "stream": True}).events
    body = from_request(sent, api="chat") | {"stream_options": {"include_usage": True}}
    chunks = ask(server, "POST", "/chat/completions", {**body, "stream": True}).events[:-1]
    grpc = "".join(
        output.delta.content for proto_chunk in proto_chunks for output in proto_chunk.outputs
    )
    deltas = [e["delta"] for e in events[:-1] if e["type"] == "response.output_text.delta"]
    texts = [item["delta"].get("content") or "" for chunk in chunks for item in chunk["choices"]]
    assert grpc == "".join(deltas) == "".join(texts) != ""
    usage, chat_usage = proto_chunks[-1].usage, chunks[-1]["usage"]
    rest_usage = events[-2]["response"]["usage"]
    assert usage.prompt_tokens == chat_usage["prompt_tokens"] == rest_usage["input_tokens"]
    assert usage.prompt_image_tokens == chat_usage["prompt_tokens_details"]["image_tokens"] > 0
    assert usage.total_tokens == chat_usage["total_tokens"] == rest_usage["total_tokens"]
    # The unary calls return the same response.
    results = call_all(server, rpc, sent)
    assert texts_of(results) == [grpc] * 3
    assert results["grpc"].usage == usage


def test_same_stored_conversation(server, rpc):
    """A response stored over any API can be continued over gRPC and the Responses API."""
    sent = request(QUESTION, image_part(*IMAGES[0]), store_messages=True)
    results = call_all(server, rpc, sent)
    ids = [results["grpc"].id, results["responses"]["id"], results["chat"]["id"]]
    stored = [server.store.get(item) for item in ids]
    assert len({item.conversation.prompt for item in stored}) == 1
    assert [item.conversation.message_count for item in stored] == [2, 2, 2]
    usages = set()
    for item in ids:
        grpc = rpc.sample("And now?", previous_response_id=item)
        rest = respond(server, "And now?", previous_response_id=item, store=False).json
        assert rest["output"][0]["content"][0]["text"] == grpc.outputs[0].message.content
        usages.add((grpc.usage.prompt_tokens, grpc.usage.prompt_image_tokens))
        usages.add((rest["usage"]["input_tokens"], grpc.usage.prompt_image_tokens))
        assert ask(server, "GET", f"/responses/{item}").json["store"] is True
    assert len(usages) == 1


def test_same_function_call(server, rpc):
    server.on().reply(Reply(tool_calls=[FunctionCall("get_weather", {"city": "Oslo"}, "call-1")]))
    results = call_all(server, rpc, request("Weather?", tools=[FUNCTION]))
    (grpc,) = results["grpc"].outputs[0].message.tool_calls
    (item,) = results["responses"]["output"]
    (chat,) = results["chat"]["choices"][0]["message"]["tool_calls"]
    assert grpc.id == item["call_id"] == chat["id"] == "call-1"
    assert grpc.function.arguments == item["arguments"] == chat["function"]["arguments"]


def test_same_function_results(server, rpc):
    sent = chat_pb2.ToolCall(
        id="c", type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL, function={"name": "f"}
    )
    called = chat_pb2.Message(role=chat_pb2.ROLE_ASSISTANT, tool_calls=[sent, sent])
    result = chat_message("sunny", role=chat_pb2.ROLE_TOOL)
    result.tool_call_id = "c"
    results = call_all(server, rpc, request(messages=[chat_message("Hi"), called, result, result]))
    assert len(set(texts_of(results))) == 1
    assert len(set(usage_of(results))) == 1


def test_stored_over_rest_continued_over_grpc_and_back(server, rpc):
    image = {"type": "input_image", "image_url": IMAGES[0][0]}
    first = respond(server, [image]).json
    second = rpc.sample("And now?", previous_response_id=first["id"], store_messages=True)
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
    # Both APIs return the same stored response.
    stored = chat_pb2.GetStoredCompletionRequest(response_id=third["id"])
    over_grpc = rpc.chat.GetStoredCompletion(stored, metadata=rpc.metadata, timeout=30)
    assert from_response(over_grpc, api="responses") == third
    assert ask(server, "GET", f"/responses/{second.id}").json == from_response(
        second, api="responses"
    )
    ask(server, "DELETE", f"/responses/{second.id}")
    with pytest.raises(Exception, match="Response not found"):
        rpc.sample("On?", previous_response_id=second.id)


def test_deferred_over_rest_and_fetched_over_grpc(server, rpc):
    server.deferred(ready_after_polls=0)
    ticket = complete(server, deferred=True).json["request_id"]
    deferred = rpc.chat.GetDeferredCompletion(
        deferred_pb2.GetDeferredRequest(request_id=ticket), metadata=rpc.metadata, timeout=30
    )
    usages = ask(server, "GET", f"/chat/deferred-completion/{ticket}").json
    assert usages == from_response(deferred.response, api="chat")


def test_rules_and_limits_are_shared(server, rpc):
    rule = server.on(prompt=match.contains("ping"), images=0).reply("pong")
    results = call_all(server, rpc, request("ping"))
    assert texts_of(results) == ["pong"] * 3
    assert rule.uses == 3
    server.rate_limit(requests=3, burst=1)
    assert respond(server).status == 200
    assert rpc.sample("Hi")
    assert complete(server).status == 200
    assert respond(server).status == 429
    assert rpc.expect_error("Hi")[0] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("schema", [{"const": "\ud800"}, {"properties": {"\ud800": {}}}])
def test_schema_with_a_lone_surrogate(server, schema):
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}}
    messages = [{"role": "user", "content": "Hi"}]
    body = {"model": "grok-4", "messages": messages, "response_format": form}
    reply = ask(server, "POST", "/chat/completions", body)
    assert reply.status == 400
    assert "The schema contains a lone surrogate, '\\ud800'" in reply.json["error"]
    server.verify()
