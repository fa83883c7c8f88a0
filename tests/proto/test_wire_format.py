"""Our encoder writes bytes that protobuf decodes to the same message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_images import data_url, jpeg, png, sample
from xai_vision.chat import assistant, developer, image, system, text, tool_result, user
from xai_vision.chat._conversation import Conversation
from xai_vision.chat._request.settings import make_settings
from xai_vision.proto import chat_pb2
from xai_vision.proto._wire_format import length_prefix, varint, varint_field

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
urls = st.builds("https://example.com/{}.png".format, st.text("abcé🙂/?&=%", max_size=30))
files = st.sampled_from([png(), jpeg(), sample("tiny.png"), sample("photo-gray.jpg")])
image_parts = st.builds(
    lambda source, detail: image(source, detail=detail),
    urls | files | st.builds(data_url, files),
    st.sampled_from(["auto", "low", "high", None]),
)
parts = st.lists(texts | image_parts | st.builds(text, texts), min_size=1, max_size=5)
messages = st.one_of(
    *(st.builds(lambda function, args: function(*args), st.just(make), parts)
      for make in (user, assistant, system, developer)),
    st.builds(tool_result, parts, st.none() | texts),
)  # fmt: skip
settings = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2, width=32),
        "max_tokens": st.integers(1, 2**31 - 1),
        "stop": st.lists(texts.filter(bool), max_size=3),
        "store_messages": st.booleans(),
        "previous_response_id": texts.filter(str.strip),
    },
)


@given(st.lists(messages, min_size=1, max_size=5), settings)
def test_the_body_equals_the_proto(conversation, options):
    written = Conversation(make_settings("grok-4", options), conversation)._body()
    built = Conversation(make_settings("grok-4", options), conversation).proto
    assert decoded(written) == built


@given(st.lists(messages, min_size=1, max_size=4))
def test_the_body_is_the_same_after_reading_the_proto(conversation):
    chat = Conversation(make_settings("grok-4", {}), conversation)
    request = decoded(chat._body())
    assert chat.proto == request
    assert decoded(chat._body()) == request


def decoded(body: bytes) -> chat_pb2.GetCompletionsRequest:
    """Decode a body without the number of choices, which is an option of the call."""
    request = chat_pb2.GetCompletionsRequest.FromString(body)
    assert request.n == 1
    request.ClearField("n")
    return request


@given(st.lists(messages, max_size=3), messages, st.booleans())
def test_a_prompt_is_sent_after_the_conversation(conversation, prompt, proto_read):
    chat = Conversation(make_settings("grok-4", {}), conversation)
    if proto_read:
        chat.proto  # noqa: B018
    request = decoded(chat._body(prompt=prompt))
    assert request == Conversation(make_settings("grok-4", {}), [*conversation, prompt]).proto
    assert len(chat.messages) == len(conversation)


@given(messages)
def test_the_encoded_size_is_exact(message):
    chunks: list[bytes] = []
    message.write(chunks.append)
    assert sum(map(len, chunks)) == message.encoded_size
    assert chat_pb2.Message.FromString(b"".join(chunks)) == message.proto


@given(st.integers(0, 2**63 - 1))
def test_a_varint_can_be_decoded(value):
    encoded = varint(value)
    decoded_value = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(encoded))
    assert decoded_value == value
    assert all(byte & 0x80 for byte in encoded[:-1])
    assert not encoded[-1] & 0x80


@pytest.mark.parametrize("size", [0, 1, 127, 128, 2**21, 2**31 - 1])
def test_length_prefix(size):
    assert length_prefix(1, size) == b"\x0a" + varint(size)


def test_zero_is_omitted():
    assert varint_field(2, 0) == b""
    assert varint_field(2, 3) == b"\x10\x03"
