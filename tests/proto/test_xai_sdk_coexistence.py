"""xai_sdk and xai_vision in one process, and messages converted between them."""

from __future__ import annotations

import pytest

from tests.proto.filler import IN_SCOPE, all_classes, module, variants
from tests.proto.test_messages import run
from xai_vision.proto._convert import adopt

pytestmark = pytest.mark.peer

OURS = "".join(f"from xai_vision.proto import {name}_pb2 as our_{name}\n" for name in IN_SCOPE)
THEIRS = "import xai_sdk, xai_sdk.chat, xai_sdk.proto\n"
CONVERT = """
from xai_sdk.proto import chat_pb2 as their_chat
from google.protobuf import timestamp_pb2
from xai_vision.proto._convert import adopt
assert their_chat.Message is not our_chat.Message
theirs = xai_sdk.chat.user('what is this?', xai_sdk.chat.image('https://example.com/a.png'))
mine = adopt(theirs, our_chat.Message)
assert type(mine) is our_chat.Message and mine.SerializeToString() == theirs.SerializeToString()
search = our_chat.XSearch(from_date=adopt(timestamp_pb2.Timestamp(seconds=5),
                                          type(our_chat.XSearch().from_date)))
assert their_chat.XSearch.FromString(search.SerializeToString()).from_date.seconds == 5
try:
    our_chat.GetCompletionsRequest().messages.append(theirs)
except TypeError:
    print('refused')
"""


@pytest.mark.parametrize("implementation", ["upb", pytest.param("python", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "order", [OURS + THEIRS, THEIRS + OURS], ids=["ours first", "theirs first"]
)
def test_both_imported(order, implementation):
    code = order + CONVERT
    output = run(code, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=implementation)
    assert output.strip() == "refused"


TOP_LEVEL = [
    cls
    for cls in all_classes()
    if cls.DESCRIPTOR.file.package == "xai_api" and cls.DESCRIPTOR.containing_type is None
]


@pytest.mark.parametrize("cls", TOP_LEVEL, ids=lambda cls: cls.__name__)
def test_both_read_the_same_bytes(cls):
    import xai_sdk.proto

    their_module = getattr(xai_sdk.proto, cls.__module__.rpartition(".")[2])
    their_class = getattr(their_module, cls.__name__)
    for ours in variants(cls):
        theirs = their_class.FromString(ours.SerializeToString())
        # No field of ours may be among the unknown ones.
        theirs.DiscardUnknownFields()
        assert theirs.SerializeToString() == ours.SerializeToString()
        back = adopt(theirs, cls)
        assert type(back) is cls
        assert back == ours


def test_all_enums_have_the_same_values():
    import xai_sdk.proto

    for name in IN_SCOPE:
        theirs = getattr(xai_sdk.proto, f"{name}_pb2")
        for enum in module(name).DESCRIPTOR.enum_types_by_name:
            ours = getattr(module(name), enum)
            assert ours.items() == getattr(theirs, enum).items()
            assert all(getattr(module(name), n) == getattr(theirs, n) for n, _ in ours.items())
