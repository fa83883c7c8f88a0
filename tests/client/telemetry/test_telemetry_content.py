"""Prompts and responses in spans: only if opted in, in the conventions' form, and never images."""

from __future__ import annotations

import json

import pytest

from tests.client.http2_server import answer, serve
from tests.sample_images import data_url, jpeg, png
from xai_vision import Client
from xai_vision._transport.tracing import CAPTURE_CONTENT_VARIABLE
from xai_vision.chat import image, system, tool_result, user
from xai_vision.errors import StreamBrokenError
from xai_vision.proto import chat_pb2
from xai_vision.testing import Fault, Reply


def messages(span, name):
    return json.loads(span.attributes[f"gen_ai.{name}.messages"])


def text(content):
    return {"type": "text", "content": content}


@pytest.mark.parametrize("shape", ["sample", "stream"])
@pytest.mark.parametrize("value", ["true", "1", "span_only", "SPAN_AND_EVENT", " True "])
def test_content_only_when_opted_in(driver, spans, monkeypatch, shape, value):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, value)
    result = getattr(driver, shape)("What is this?", image(png()))
    response = result if shape == "sample" else result[0]
    (span,) = spans()
    image_part = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": ""}
    assert messages(span, "input") == [
        {"role": "user", "parts": [text("What is this?"), image_part]},
    ]
    assert messages(span, "output") == [
        {"role": "assistant", "parts": [text(response.content)], "finish_reason": "stop"}
    ]
    assert data_url(png())[30:60] not in str(dict(span.attributes))


@pytest.mark.parametrize("value", ["", "false", "0", "no_content", "event_only"])
def test_content_is_not_captured(client, spans, monkeypatch, value):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, value)
    client.chat.create("grok-4", messages=[system("Be kind")]).ask("What is this?")
    assert not {name for name in spans()[0].attributes if name.endswith("messages")}


@pytest.mark.parametrize("as_proto", [False, True])
def test_every_kind_of_message_is_captured(client, server, spans, monkeypatch, as_proto):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, "span_only")
    server.urls["https://example.com/a.jpg?key=secret"] = jpeg()
    server.on().reply(Reply("Höhe 3", reasoning="I think"))
    call = chat_pb2.ToolCall(id="call_1", type="TOOL_CALL_TYPE_CLIENT_SIDE_TOOL")
    call.function.name, call.function.arguments = "stock", '{"of": "apples"}'
    asking = chat_pb2.Message(role="ROLE_ASSISTANT", tool_calls=[call])
    chat = client.chat.create(
        "grok-4",
        messages=[
            system("Be kind"),
            user("Look", image("https://example.com/a.jpg?key=secret"), image(jpeg())),
            asking,
            tool_result("12 apples", tool_call_id="call_1"),
            user("data:image/png;base64,iVBORw0KGgo= is text"),
        ],
    )
    if as_proto:
        assert chat.proto.messages
    chat.sample()
    (span,) = spans()
    assert messages(span, "input") == [
        {"role": "system", "parts": [text("Be kind")]},
        {
            "role": "user",
            "parts": [
                text("Look"),
                {
                    "type": "uri",
                    "modality": "image",
                    "mime_type": None,
                    "uri": "https://example.com/a.jpg?…",
                },
                {"type": "blob", "modality": "image", "mime_type": "image/jpeg", "content": ""},
            ],
        },
        {
            "role": "assistant",
            "parts": [
                {
                    "type": "tool_call",
                    "id": "call_1",
                    "name": "stock",
                    "arguments": {"of": "apples"},
                }
            ],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "call_1", "response": "12 apples"}],
        },
        {"role": "user", "parts": [text("data:image/png;base64,… is text")]},
    ]
    assert messages(span, "output") == [
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "I think"}, text("Höhe 3")],
            "finish_reason": "stop",
        }
    ]
    assert "Höhe" in span.attributes["gen_ai.output.messages"]
    assert "gen_ai.system_instructions" not in span.attributes, "they are messages here"


@pytest.mark.parametrize(
    ("arguments", "captured"),
    [
        ('{"a": [1]}', {"a": [1]}),
        ("", ""),
        ("{cut", "{cut"),
        ("[" * 10_000, "[" * 10_000),
        ("[" * 900 + "]" * 900, None),
        ('{"a": NaN}', '{"a": NaN}'),
        ('{"a": 1e999}', '{"a": 1e999}'),
        ('"\\ud800"', '"\\ud800"'),
        ("9" * 5000, "9" * 5000),
    ],
    ids=["object", "empty", "cut", "deep", "nested", "nan", "infinite", "surrogate", "digits"],
)
def test_arguments_of_the_model_never_break_a_call(kind, spans, monkeypatch, arguments, captured):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, "true")
    call = chat_pb2.ToolCall(id="c", type="TOOL_CALL_TYPE_CLIENT_SIDE_TOOL")
    call.function.name, call.function.arguments = "f", arguments
    reply = chat_pb2.GetChatCompletionResponse(
        outputs=[{"message": {"tool_calls": [call], "role": 2}, "finish_reason": 4}]
    )
    with serve(answer(reply)) as (target, _):
        driver = kind(api_key="k", api_host=target)
        assert driver.sample().tool_calls[0].function.arguments == arguments
        driver.close()
    (message,) = messages(spans()[0], "output")
    assert message["finish_reason"] == "tool_call"
    (part,) = message["parts"]
    if captured is not None:
        assert part["arguments"] == captured


def test_unknown_values_are_captured_by_their_numbers(spans, monkeypatch):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, "true")
    call = chat_pb2.ToolCall(id="c", type=4242)
    call.function.name, call.function.arguments = "dream", "{}"
    reply = chat_pb2.GetChatCompletionResponse(
        outputs=[
            {"message": {"content": "x", "tool_calls": [call], "role": 9}, "finish_reason": 77}
        ]
    )
    prompt = chat_pb2.Message(role=77, content=[{"text": "Hi"}])
    with serve(answer(reply)) as (target, _), Client(api_key="k", api_host=target) as client:
        assert client.chat.create("grok-4", messages=[prompt]).sample().content == "x"
    (span,) = spans()
    assert span.attributes["gen_ai.response.finish_reasons"] == ("UNKNOWN_77",)
    assert messages(span, "input") == [{"role": "unknown_77", "parts": [text("Hi")]}]
    (message,) = messages(span, "output")
    assert message["finish_reason"] == "unknown_77"
    assert message["parts"][1] == {
        "type": "server_tool_call",
        "id": "c",
        "name": "dream",
        "server_tool_call": {"type": "unknown_4242", "arguments": {}},
    }


def test_an_incomplete_stream_is_captured(client, server, spans, monkeypatch):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, "true")
    server.on().reply(Reply("one two three", chunks=3))
    server.fault(Fault.after_chunks(2))
    with pytest.raises(StreamBrokenError) as caught:
        for _ in client.chat.create("grok-4").ask_stream("Hi"):
            pass
    assert messages(spans()[0], "output") == [
        {
            "role": "assistant",
            "parts": [text(caught.value.partial.content)],
            "finish_reason": "incomplete",
        }
    ]
