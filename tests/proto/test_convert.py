"""adopt() converts messages of other packages."""

from __future__ import annotations

import pytest
from google.protobuf import any_pb2 as default_any_pb2
from google.protobuf import timestamp_pb2 as default_timestamp_pb2

from xai_vision.proto import any_pb2, chat_pb2, timestamp_pb2
from xai_vision.proto._convert import adopt


def test_an_instance_is_returned_unchanged():
    message = chat_pb2.Message(name="x")
    assert adopt(message, chat_pb2.Message) is message


def test_a_message_of_the_default_pool():
    theirs = default_timestamp_pb2.Timestamp(seconds=3, nanos=4)
    ours = adopt(theirs, timestamp_pb2.Timestamp)
    assert type(ours) is timestamp_pb2.Timestamp
    assert (ours.seconds, ours.nanos) == (3, 4)
    assert adopt(ours, default_timestamp_pb2.Timestamp) == theirs


def test_unknown_fields_are_kept():
    data = b"\x0a\x01x\xfa\x01\x02hi"
    theirs = default_any_pb2.Any.FromString(data)
    assert adopt(theirs, any_pb2.Any).SerializeToString() == data


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            chat_pb2.Content(text="x"),
            r"expected a xai_api\.Message message, got a xai_api\.Content",
        ),
        (default_timestamp_pb2.Timestamp(), r"got a google\.protobuf\.Timestamp"),
        ("hello", r"expected a xai_api\.Message message, got 'hello'"),
        ("x" * 1000, r"got 'x{79}$"),
        (None, r"got None"),
        (chat_pb2.Message, r"got <class 'xai_vision\.proto\.chat_pb2\.Message'>"),
    ],
)
def test_other_values_are_rejected(wrong, message):
    with pytest.raises(TypeError, match=message):
        adopt(wrong, chat_pb2.Message)
