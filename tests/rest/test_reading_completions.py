"""Responses of Chat Completions are read as protos, whole and streamed."""

from __future__ import annotations

import doctest
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rest.test_response_translation import WEATHER, generate
from xai_vision.openai_compat import (
    CompletionStreamReader,
    TranslationError,
    chat_chunks,
    from_response,
    to_response,
)
from xai_vision.proto import chat_pb2, sample_pb2
from xai_vision.testing._service.response.chunking import split_response
from xai_vision.testing._upstream.chunks import MergedChunks

BODIES = [
    {},
    {"tools": [WEATHER], "tool_choice": "required"},
    {"max_output_tokens": 2},
    {"logprobs": True, "top_logprobs": 2},
    {"reasoning": {"effort": "high"}},
]


def read_chunks(chunks):
    reader, merged = CompletionStreamReader(), MergedChunks()
    for chunk in chunks:
        proto = reader.feed(json.loads(json.dumps(chunk)))
        if proto is not None:
            merged.add(proto)
    assert reader.finished
    return merged.response()


def visible(response):
    """Return a response with what JSON can express."""
    copy = chat_pb2.GetChatCompletionResponse()
    copy.CopyFrom(response)
    for field in ("settings", "service_tier", "citations"):
        copy.ClearField(field)
    copy.usage.ClearField("cost_in_usd_ticks")
    copy.created.nanos = 0
    return copy


def test_the_example_of_the_docstring():
    (example,) = doctest.DocTestFinder().find(to_response, "to_response")
    results = doctest.DocTestRunner().run(example)
    assert (results.failed, results.attempted) == (0, 3)


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_response_survives_the_way_through_json(body):
    response = generate(**body)
    value = json.loads(json.dumps(from_response(response, api="chat")))
    assert to_response(value) == visible(response)


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_stream_survives_the_way_through_json(body):
    response = generate(**body)
    chunks = chat_chunks(split_response(response), include_usage=True)
    assert read_chunks(chunks) == visible(response)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop", sample_pb2.REASON_STOP),
        ("length", sample_pb2.REASON_MAX_LEN),
        ("tool_calls", sample_pb2.REASON_TOOL_CALLS),
        ("content_filter", sample_pb2.REASON_STOP),
        (None, sample_pb2.REASON_STOP),
    ],
)
def test_finish_reasons(reason, expected):
    choice = {"message": {"content": "a"}, "finish_reason": reason}
    assert to_response({"choices": [choice]}).outputs[0].finish_reason == expected


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
def test_the_reasoning_has_two_names(key):
    message = {"content": "a", key: "I think"}
    assert to_response({"choices": [{"message": message}]}).outputs[
        0
    ].message.reasoning_content == ("I think")
    delta = {"choices": [{"delta": message, "finish_reason": "stop"}]}
    assert read_chunks([delta]).outputs[0].message.reasoning_content == "I think"


def test_a_refusal_is_the_text():
    message = {"content": None, "refusal": "No."}
    assert to_response({"choices": [{"message": message}]}).outputs[0].message.content == "No."


def test_arguments_that_are_an_object_become_text():
    call = {"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}
    output = to_response({"choices": [{"message": {"tool_calls": [call]}}]}).outputs[0]
    assert json.loads(output.message.tool_calls[0].function.arguments) == {"a": 1}
    assert output.finish_reason == sample_pb2.REASON_TOOL_CALLS


@pytest.mark.parametrize("numbering", [{}, {"index": None}], ids=str)
def test_calls_without_a_number_are_calls_of_their_own(numbering):
    def chunk(*names):
        calls = [{**numbering, "function": {"name": name, "arguments": "{}"}} for name in names]
        return {"choices": [{"delta": {"tool_calls": calls}}]}

    end = {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}
    response = read_chunks([chunk("f", "g"), chunk("h"), end])
    calls = response.outputs[0].message.tool_calls
    assert [call.function.name for call in calls] == ["f", "g", "h"]


def test_usage_without_details_is_text():
    value = {"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": 7}}
    usage = to_response(value).usage
    assert (usage.prompt_tokens, usage.prompt_text_tokens, usage.total_tokens) == (7, 7, 7)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "the response must be an object, not left out"),
        ({}, "choices must be a list"),
        ({"choices": []}, "choices is empty"),
        ({"choices": [1]}, "choices[0] must be an object, not 1"),
        ({"choices": [{"message": {"content": []}}]}, "choices[0].message.content must be a str"),
        ({"choices": [{"message": {}, "index": "x"}]}, "choices[0].index must be a number"),
        ({"choices": [{"message": {}, "index": 1e300}]}, "choices[0].index must be a number"),
        ({"choices": [{"message": {"tool_calls": [{}]}}]}, "tool_calls[0].function must be"),
        ({"choices": [{"message": {}}], "usage": 7}, "usage must be an object, not 7"),
    ],
)
def test_a_wrong_value_is_named(value, words):
    with pytest.raises(TranslationError) as info:
        to_response(value)
    assert words in str(info.value)
    assert info.value.key


KEYS = (
    "choices message delta content tool_calls function arguments index usage finish_reason "
    "logprobs top_logprobs bytes id token logprob created prompt_tokens prompt_tokens_details name"
).split()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def outcome(function, value):
    try:
        function(value)
    except TranslationError as error:
        return error
    return None


@given(json_values)
def test_any_json_is_read_or_refused_with_a_clear_error(value):
    for function in (to_response, CompletionStreamReader().feed):
        error = outcome(function, value)
        assert error is None or error.key


@given(json_values)
def test_any_message_is_read_or_refused_with_a_clear_error(value):
    for body in ({"message": value}, {"delta": value, "finish_reason": "stop"}, {"message": {}}):
        choice = {**body, "logprobs": value, "index": value}
        for function in (to_response, CompletionStreamReader().feed):
            error = outcome(function, {"choices": [choice], "usage": value, "created": value})
            assert error is None or error.key
