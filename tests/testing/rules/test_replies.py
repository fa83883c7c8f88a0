"""The fields and the timing of replies."""

from __future__ import annotations

import json
import time

import pytest

from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing import FunctionCall, Reply, ServerToolCall

WEB = chat_pb2.Tool(web_search=chat_pb2.WebSearch(enable_image_understanding=True))


def test_all_fields_of_a_reply(server, caller):
    server.on().reply(
        Reply(
            "The response.",
            reasoning="Let me think.",
            steps=[
                ServerToolCall("web_search", {"query": "q"}),
                ServerToolCall("mcp", {}, "no", failed=True),
            ],
            tool_calls=[FunctionCall("f", "not json", id="call-7")],
            citations=["https://e.x/1", "collections://c/files/f9"],
            finish="max_context",
            usage={"cached_prompt_text_tokens": 3},
            cost_ticks=77,
            encrypted="blob",
            response_id="my-id",
            debug={"attempts": 2, "chunks": ["a"]},
            files=[("file-1", "a.png")],
            unchecked=True,
        )
    )
    response = caller.sample("Hi", include=[chat_pb2.INCLUDE_OPTION_INLINE_CITATIONS])
    last = response.outputs[-1]
    assert response.id == "my-id"
    assert last.message.reasoning_content == "Let me think."
    assert last.message.encrypted_content == "blob"
    assert last.message.tool_calls[0].id == "call-7"
    assert last.message.tool_calls[0].function.arguments == "not json"
    assert last.message.citations[1].collections_citation.file_id == "f9"
    assert last.finish_reason == sample_pb2.REASON_MAX_CONTEXT
    assert response.outputs[1].message.tool_calls[0].error_message == "no"
    assert response.usage.cost_in_usd_ticks == 77
    assert response.usage.cached_prompt_text_tokens == 3
    used = [usage_pb2.SERVER_SIDE_TOOL_WEB_SEARCH]
    assert list(response.usage.server_side_tools_used) == used
    assert response.debug_output.attempts == 2
    assert response.output_files[0].name == "a.png"
    server.on(priority=1).reply("x", cost_ticks=-1)
    assert not caller.sample("Hi").usage.HasField("cost_in_usd_ticks")


def test_a_search_that_views_images(server, caller):
    server.on(tools="web_search").reply(
        Reply.searched("query", views=["https://e.x/a.png"], text="Found.")
    )
    response = caller.sample("Where?", tools=[WEB])
    calls = [c.function for o in response.outputs for c in o.message.tool_calls]
    assert [c.name for c in calls] == ["web_search", "view_image"]
    assert json.loads(calls[1].arguments) == {"image_url": "https://e.x/a.png"}
    assert list(response.citations) == ["https://e.x/a.png"]
    assert response.outputs[-1].message.content == "Found."


def test_ttft_and_tps(server, caller):
    server.on(stream=True).reply(Reply("one two three four five", chunks=5, ttft=0.1, tps=50))
    start = time.monotonic()
    times, texts = [], []
    for chunk in caller.stream("Hi"):
        times.append(time.monotonic() - start)
        texts.append(chunk.outputs[0].delta.content)
    assert texts == ["one", " two", " three", " four", " five", ""]
    assert times[0] >= 0.1
    # The total, because a slow client may receive the first chunk late.
    assert times[-1] >= 0.1 + 0.07
    server.on(stream=False).reply("one two three", ttft=0.05, tps=100, jitter=0.001)
    start = time.monotonic()
    caller.sample("Hi")
    assert time.monotonic() - start >= 0.07


def test_explicit_chunks(server, caller):
    server.on().reply("abc def", chunks=["ab", "", "c d", "ef"])
    texts = [c.outputs[0].delta.content for c in caller.stream("Hi")]
    assert texts == ["ab", "c d", "ef", ""]


def test_choices(server, caller):
    server.on().reply(Reply(choices=["a", "b"]))
    assert [o.message.content for o in caller.sample("Hi", n=3).outputs] == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("positional", "named", "sent"),
    [
        ((), {"city": "Oslo"}, {"city": "Oslo"}),
        (({"city": "Oslo"},), {}, {"city": "Oslo"}),
        (({"arguments": 1, "function": 2},), {}, {"arguments": 1, "function": 2}),
        (({},), {}, {}),
        ((), {}, {}),
    ],
)
def test_tool_call_accepts_both_forms(caller, server, positional, named, sent):
    server.on().reply(Reply.tool_call("weather", *positional, **named))
    weather = chat_pb2.Tool(function=chat_pb2.Function(name="weather", parameters="{}"))
    (call,) = caller.sample("Is it warm?", tools=[weather]).outputs[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", sent)


def test_tool_call_refuses_both_forms_at_once():
    with pytest.raises(TypeError, match=r"arguments is set, and so are the keywords 'unit'"):
        Reply.tool_call("weather", {"city": "Oslo"}, unit="C")
    with pytest.raises(TypeError, match=r"FunctionCall: arguments must be a dict"):
        Reply.tool_call("weather", ["Oslo"])
    assert Reply.tool_call("weather", '{"city"').tool_calls[0].arguments_json == '{"city"'
