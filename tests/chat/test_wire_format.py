"""The bytes we write are the bytes protobuf would have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_images import data_url, jpeg, png, sample
from xai_vision.chat import assistant, developer, image, system, text, tool_result, user
from xai_vision.chat._conversation import Conversation
from xai_vision.chat._messages.wire_format import length_prefix, varint, varint_field
from xai_vision.chat._request.settings import make_settings
from xai_vision.proto import chat_pb2

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
urls = st.builds("https://example.com/{}.png".format, st.text("abcé🙂/?&=%", max_size=30))
files = st.sampled_from([png(), jpeg(), sample("tiny.png"), sample("photo-grey.jpg")])
pictures = st.builds(
    lambda source, detail: image(source, detail=detail),
    urls | files | st.builds(data_url, files),
    st.sampled_from(["auto", "low", "high", None]),
)
parts = st.lists(words | pictures | st.builds(text, words), min_size=1, max_size=5)
messages = st.one_of(
    *(st.builds(lambda made, args: made(*args), st.just(make), parts)
      for make in (user, assistant, system, developer)),
    st.builds(tool_result, parts, st.none() | words),
)  # fmt: skip
settings = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2, width=32),
        "max_tokens": st.integers(1, 2**31 - 1),
        "stop": st.lists(words.filter(bool), max_size=3),
        "store_messages": st.booleans(),
        "previous_response_id": words.filter(str.strip),
    },
)


@given(st.lists(messages, min_size=1, max_size=5), settings)
def test_body_means_what_the_proto_says(said, options):
    written = Conversation(make_settings("grok-4", options), said)._body()
    built = Conversation(make_settings("grok-4", options), said).proto
    assert sent(written) == built


@given(st.lists(messages, min_size=1, max_size=4))
def test_the_proto_path_sends_the_same(said):
    chat = Conversation(make_settings("grok-4", {}), said)
    lazy = sent(chat._body())
    assert chat.proto == lazy
    assert sent(chat._body()) == lazy


def sent(body: bytes) -> chat_pb2.GetCompletionsRequest:
    """What a body says, but for the number of answers, which belongs to the call."""
    request = chat_pb2.GetCompletionsRequest.FromString(body)
    assert request.n == 1
    request.ClearField("n")
    return request


@given(st.lists(messages, max_size=3), messages, st.booleans())
def test_a_question_is_sent_behind_the_conversation(said, question, taken):
    chat = Conversation(make_settings("grok-4", {}), said)
    if taken:
        chat.proto  # noqa: B018
    asked = sent(chat._body(prompt=question))
    assert asked == Conversation(make_settings("grok-4", {}), [*said, question]).proto
    assert len(chat.messages) == len(said)


@given(messages)
def test_sizes_are_known_before_writing(message):
    pieces: list[bytes] = []
    message.write(pieces.append)
    assert sum(map(len, pieces)) == message.encoded_size
    assert chat_pb2.Message.FromString(b"".join(pieces)) == message.proto


@given(st.integers(0, 2**63 - 1))
def test_varint_reads_back(value):
    encoded = varint(value)
    read = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(encoded))
    assert read == value
    assert all(byte & 0x80 for byte in encoded[:-1])
    assert not encoded[-1] & 0x80


@pytest.mark.parametrize("size", [0, 1, 127, 128, 2**21, 2**31 - 1])
def test_head_is_tag_and_length(size):
    assert length_prefix(1, size) == b"\x0a" + varint(size)


def test_zero_is_left_out():
    assert varint_field(2, 0) == b""
    assert varint_field(2, 3) == b"\x10\x03"
