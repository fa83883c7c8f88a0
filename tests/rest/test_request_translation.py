"""Translation of requests from JSON to protos and back, without loss."""

from __future__ import annotations

import copy
import doctest
import pickle

import pytest
from hypothesis import given, settings

from tests.rest import strategies
from xai_vision import openai_compat
from xai_vision.chat import chat_pb2
from xai_vision.openai_compat import TranslationError, _request, from_request, to_request

HI = [{"role": "user", "content": "Hi"}]


@settings(max_examples=150, deadline=None)
@given(strategies.chat_body)
def test_chat_completions_round_trip(body):
    before = copy.deepcopy(body)
    request = to_request(body)
    assert body == before
    assert from_request(request, api="chat") == body


@settings(max_examples=150, deadline=None)
@given(strategies.responses_body)
def test_responses_round_trip(body):
    request = to_request(body)
    again = from_request(request, api="responses")
    assert again == body
    assert to_request(again) == request


@settings(max_examples=80, deadline=None)
@given(strategies.chat_body)
def test_both_formats_give_the_same_request(body):
    request = to_request(body)
    try:
        other = from_request(request, api="responses")
    except TranslationError as error:
        if not error.unsupported:
            raise
        return
    again = to_request(other)
    assert merge_turns(again) == merge_turns(request)
    for item in (again, request):
        item.ClearField("messages")
        item.ClearField("n")  # the Responses API has no n
    assert again == request


def merge_turns(request):
    """Return the turns: the Responses API merges consecutive messages of the model."""
    turns = []
    for message in request.messages:
        if not turns or turns[-1][0] != message.role or message.role != chat_pb2.ROLE_ASSISTANT:
            turns.append((message.role, message.tool_call_id, [], [], []))
        _, _, thoughts, contents, calls = turns[-1]
        thoughts += [message.reasoning_content] if message.reasoning_content else []
        contents += message.content
        calls += message.tool_calls
    return turns


def test_equivalent_bodies():
    plain = to_request({"model": "m", "messages": HI})
    for body in (
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
        {"model": "m", "messages": HI, "stream": True, "stream_options": {"include_usage": True}},
        {"model": "m", "messages": HI, "tools": None, "stop": None, "n": None},
        {"model": "m", "input": "Hi", "store": False},
        {"model": "m", "input": [{"type": "input_text", "text": "Hi"}], "store": False},
        {"model": "m", "input": [{"type": "message", **HI[0], "id": "msg_1"}], "store": False},
    ):
        assert to_request(body) == plain
    assert to_request({"model": "m", "messages": HI, "max_completion_tokens": 5}).max_tokens == 5
    assert to_request({"model": "m", "messages": HI, "stop": "x"}).stop == ["x"]
    assert to_request({"model": "m", "input": "Hi"}).store_messages
    assert not plain.store_messages


def test_items_of_one_turn_become_one_message():
    request = to_request(
        {
            "model": "m",
            "input": [
                *HI,
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
                {"type": "message", "role": "assistant", "content": "Let me see."},
                {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "2", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "1", "output": "a"},
                {"type": "message", "role": "assistant", "content": "Done."},
            ],
        }
    )
    assert [len(message.tool_calls) for message in request.messages] == [0, 2, 0, 0]
    assert request.messages[1].encrypted_content == "x"


@pytest.mark.parametrize(
    ("body", "key", "unsupported"),
    [
        ({"messages": HI, "metadata": {}}, "metadata", True),
        ({"messages": HI, "temprature": 1}, "temprature", True),
        ({"messages": HI, "n": 1.5}, "n", False),
        ({"messages": HI, "n": True}, "n", False),
        ({"messages": HI, "seed": 2**31}, "seed", False),
        ({"messages": HI, "temperature": float("nan")}, "temperature", False),
        ({"messages": HI, "temperature": 1e300}, "temperature", False),
        ({"messages": HI, "temperature": 10**400}, "temperature", False),
        ({"messages": HI, "presence_penalty": -(10**5000)}, "presence_penalty", False),
        ({"messages": HI, "n": 10**5000}, "n", False),
        ({"messages": HI, "temperature": 1e-50}, "temperature", False),
        ({"messages": HI, "top_p": -7e-46}, "top_p", False),
        ({"messages": HI, "stop": [1]}, "stop[0]", False),
        ({"messages": HI, "stream": "yes"}, "stream", False),
        ({"messages": HI, "deferred": 1}, "deferred", False),
        ({"messages": HI, "stream_options": True}, "stream_options", False),
        ({"input": "a", "stream": "yes"}, "stream", False),
        ({"input": "a", "stream_options": []}, "stream_options", False),
        ({"input": "a", "deferred": True}, "deferred", True),
        ({"messages": HI, "max_tokens": 1, "max_completion_tokens": 1}, None, False),
        ({"messages": HI, "tools": [3]}, "tools[0]", False),
        ({"messages": HI, "tools": [{"type": "video"}]}, "tools[0].type", True),
        ({"messages": HI, "tool_choice": "maybe"}, "tool_choice", False),
        ({"messages": HI, "reasoning_effort": "minimal"}, "reasoning_effort", False),
        ({"messages": HI, "service_tier": "flex"}, "service_tier", False),
        ({"messages": HI, "response_format": {"type": "xml"}}, "response_format.type", False),
        ({"messages": [{"role": "user", "content": "a", "name": 3}]}, None, False),
        ({"messages": [{"role": "function", "content": "a"}]}, "messages[0]", False),
        ({"messages": "Hi"}, "messages", False),
        ({"messages": ["Hi"]}, "messages[0]", False),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages[0]", False),
        ({"input": 3}, "input", False),
        ({"input": [3]}, "input[0]", False),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]", False),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0]", False),
        ({"input": "a", "max_tokens": 3}, "max_tokens", True),
        ({"input": "a", "background": True}, "background", True),
        ({"input": "a", "include": ["web_search_call.action.sources"]}, "include", True),
        ({"input": "a", "text": {"verbosity": "low"}}, "text.verbosity", True),
        ({"input": "a", "tool_choice": {"type": "web_search"}}, "tool_choice", True),
        ({"input": "a", "instructions": "b", "previous_response_id": "c"}, "instructions", True),
        ({"input": [{"type": "input_image", "image_url": "u", "detail": "original"}]}, None, False),
        ({"input": [{"type": "input_image", "image_url": {"x": 1}}]}, None, True),
        ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].arguments", False),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output", False),
        ({"input": [{"type": "mcp_call", "name": 3}]}, None, False),
        ({"input": [{"type": "file_search_call", "queries": 3}]}, None, False),
        ({}, "messages", False),
    ],
)
def test_invalid_or_unsupported_body(body, key, unsupported):
    with pytest.raises(TranslationError) as caught:
        to_request({"model": "m", **body})
    assert caught.value.unsupported is unsupported
    if key is not None:
        assert caught.value.key == key
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.key) == (str(caught.value), caught.value.key)


@pytest.mark.parametrize("value", [0, 0.0, -0.0, 1e-45, 1.4e-45, 1.17e-38, 5e-45])
def test_small_numbers(value):
    request = to_request({"messages": HI, "model": "m", "temperature": value})
    assert bool(request.temperature) is bool(value)
    again = from_request(request, api="chat")
    assert to_request(again) == request


@pytest.mark.parametrize("body", [[1], None, "Hi", 3])
@pytest.mark.parametrize("api", [None, "chat"])
def test_body_must_be_an_object(body, api):
    with pytest.raises(TranslationError, match="^the request must be an object, not ") as caught:
        to_request(body, api=api)
    assert (caught.value.key, caught.value.unsupported) == ("the request", False)


@pytest.mark.parametrize("api", ["zzz", "", 3, ["chat"]])
@pytest.mark.parametrize(
    "translate",
    [
        lambda api: to_request({"model": "m", "messages": HI}, api=api),
        lambda api: from_request(chat_pb2.GetCompletionsRequest(model="m"), api=api),
        lambda api: openai_compat.from_response(chat_pb2.GetChatCompletionResponse(), api=api),
    ],
    ids=["to_request", "from_request", "from_response"],
)
def test_api_must_be_a_format(translate, api):
    with pytest.raises(TranslationError, match="^api must be one of 'chat', 'responses', not "):
        translate(api)


def test_error_does_not_quote_headers():
    tool = {"type": "mcp", "server_url": "u", "headers": {"authorization": ["Bearer secret"]}}
    with pytest.raises(TranslationError, match=r"\['authorization'\] must be a string") as caught:
        to_request({"model": "m", "messages": HI, "tools": [tool]})
    assert "secret" not in f"{caught.value}{caught.value.key}"


def test_public_names_and_doctests():
    assert openai_compat.__all__ == sorted(openai_compat.__all__)
    for name in openai_compat.__all__:
        assert getattr(openai_compat, name)
        assert name in dir(openai_compat)
    with pytest.raises(AttributeError, match="to_reqest"):
        openai_compat.to_reqest  # noqa: B018
    assert doctest.testmod(_request).failed == 0


def test_one_choice_is_the_default_of_responses():
    request = chat_pb2.GetCompletionsRequest(model="m", n=1, store_messages=True)
    assert from_request(request, api="responses") == {"model": "m", "input": []}
    assert from_request(request, api="chat")["n"] == 1


def test_missing_model():
    with pytest.raises(TranslationError, match="model is missing"):
        to_request({"messages": HI})


@pytest.mark.parametrize(
    ("request_", "api", "key"),
    [
        ({"guidelines": [chat_pb2.Guideline()]}, "chat", "guidelines"),
        ({"agent_count": chat_pb2.AGENT_COUNT_4}, "chat", "agent_count"),
        ({"previous_response_id": "a"}, "chat", "previous_response_id"),
        ({"use_encrypted_content": True}, "chat", "use_encrypted_content"),
        ({"include": [chat_pb2.INCLUDE_OPTION_INLINE_CITATIONS]}, "responses", "include"),
        ({"n": 2}, "responses", "n"),
        ({"seed": 2}, "responses", "seed"),
        ({"stop": ["a"]}, "responses", "stop"),
        ({"service_tier": 9}, "chat", "service_tier"),
        ({"tools": [chat_pb2.Tool()]}, "chat", "tools[0]"),
        ({"messages": [chat_pb2.Message(role=4)]}, "chat", "messages[0].role"),
        ({"messages": [chat_pb2.Message(role=1, name="Ann")]}, "responses", "messages[0].name"),
        (
            {"messages": [chat_pb2.Message(role=2, encrypted_content="x")]},
            "chat",
            "messages[0].encrypted_content",
        ),
    ],
)
def test_unsupported_proto(request_, api, key):
    with pytest.raises(TranslationError) as caught:
        from_request(chat_pb2.GetCompletionsRequest(model="m", **request_), api=api)
    assert (caught.value.key, caught.value.unsupported) == (key, True)


def test_invalid_schema():
    request = chat_pb2.GetCompletionsRequest(model="m")
    request.tools.add().function.parameters = "{"
    with pytest.raises(TranslationError, match=r"tools\[0\].function.parameters is not valid JSON"):
        from_request(request, api="chat")
