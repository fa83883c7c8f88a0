"""The same calls build the same request with xai_sdk and with xai_vision."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import xai_vision
import xai_vision.chat
import xai_vision.search
import xai_vision.tools
from tests.chat.test_accumulator import replies
from tests.sample_images import data_url, png
from xai_vision.proto import chat_pb2

pytestmark = pytest.mark.peer


class Animal(BaseModel):
    name: str


@pytest.fixture(scope="module")
def pair():
    """Two pairs of a package and its client: xai_sdk and xai_vision."""
    import xai_sdk
    import xai_sdk.chat
    import xai_sdk.search
    import xai_sdk.tools

    theirs = xai_sdk.Client(api_key="k", api_host="localhost:1")
    ours = xai_vision.Client(api_key="k", api_host="localhost:1")
    yield (xai_sdk, theirs), (xai_vision, ours)
    theirs.close()
    ours.close()


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
nonempty = texts.filter(str.strip)
floats = st.floats(0, 1, width=32)

# Builders take the package, so that one drawn value builds both sides.
parts = st.one_of(
    texts.map(lambda text: lambda sdk: text),
    texts.map(lambda text: lambda sdk: sdk.chat.text(text)),
    st.tuples(
        st.sampled_from(["https://example.com/a.png", data_url(png())]),
        st.sampled_from(["auto", "low", "high", None]),
    ).map(lambda a: lambda sdk: sdk.chat.image(a[0], detail=a[1])),
    nonempty.map(lambda file_id: lambda sdk: sdk.chat.file(file_id)),
)
messages = st.one_of(
    st.tuples(
        st.sampled_from(["user", "assistant", "system", "developer"]),
        st.lists(parts, min_size=1, max_size=3),
    ).map(lambda a: lambda sdk: getattr(sdk.chat, a[0])(*(part(sdk) for part in a[1]))),
    st.tuples(texts, st.none() | nonempty).map(lambda a: lambda sdk: sdk.chat.tool_result(*a)),
)
tools = st.sampled_from(
    [
        lambda sdk: sdk.tools.web_search(enable_image_understanding=True),
        lambda sdk: sdk.tools.x_search(),
        lambda sdk: sdk.tools.code_execution(),
        lambda sdk: sdk.chat.tool("f", "d", {"type": "object"}),
    ]
)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "user": texts,
        "safety_identifier": texts,
        "max_tokens": st.integers(1, 2**31 - 1),
        "seed": st.integers(-(2**31), 2**31 - 1),
        "stop": st.lists(nonempty, max_size=3),
        "temperature": st.floats(0, 2, width=32),
        "top_p": floats,
        "logprobs": st.just(True),
        "parallel_tool_calls": st.booleans(),
        "frequency_penalty": floats,
        "presence_penalty": floats,
        "reasoning_effort": st.sampled_from(["none", "low", "medium", "high", "xhigh"]),
        "response_format": st.sampled_from(["text", "json_object", Animal]),
        "tool_choice": st.sampled_from(["auto", "none", "required"]),
        "store_messages": st.booleans(),
        "previous_response_id": nonempty,
        "use_encrypted_content": st.booleans(),
        "max_turns": st.integers(1, 100),
        "include": st.lists(st.sampled_from(["inline_citations", "verbose_streaming"]), max_size=2),
        "agent_count": st.sampled_from([4, 16]),
        "service_tier": st.sampled_from(["default", "priority"]),
    },
)


def assert_same(theirs, ours) -> None:
    assert chat_pb2.GetCompletionsRequest.FromString(theirs.proto.SerializeToString()) == ours.proto


@given(parameters, st.lists(messages, max_size=3), st.none() | st.lists(tools, max_size=2))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_create_and_append(pair, drawn_parameters, drawn_messages, drawn_tools):
    built = []
    for sdk, client in pair:
        options = {} if drawn_tools is None else {"tools": [tool(sdk) for tool in drawn_tools]}
        chat = client.chat.create("grok-4", **drawn_parameters, **options)
        for message in drawn_messages:
            chat.append(message(sdk))
        built.append(chat)
    assert_same(*built)


@given(replies(), st.sampled_from([None, 0]))
@settings(deadline=None)
def test_an_appended_response(pair, reply, index):
    assume(index is None or len(reply.outputs) == 1)  # Tool turns need the index None.
    built = []
    for sdk, client in pair:
        theirs = sdk.chat.chat_pb2.GetChatCompletionResponse.FromString(reply.SerializeToString())
        chat = client.chat.create("grok-4").append(sdk.chat.Response(theirs, index))
        built.append(chat)
    # One deliberate difference: see test_tool_turns.
    for chat in built:
        for message in chat.proto.messages:
            message.ClearField("tool_call_id")
    assert_same(*built)


def test_tool_turns(pair):
    reply = chat_pb2.GetChatCompletionResponse(id="r")
    for index, role in enumerate([2, 5, 2]):
        message = reply.outputs.add(index=index).message
        message.role, message.content = role, str(index)
        if index < 2:
            message.tool_calls.add(id="call-1", type=2)
    built = []
    for sdk, client in pair:
        theirs = sdk.chat.chat_pb2.GetChatCompletionResponse.FromString(reply.SerializeToString())
        built.append(client.chat.create("grok-4").append(sdk.chat.Response(theirs, None)))
    assert_same(*built)
    assert built[1].messages[1].proto.tool_call_id == "call-1"


def test_an_appended_compaction(pair):
    built = []
    for sdk, client in pair:
        proto = sdk.chat.chat_pb2.CompactContextResponse(id="c", encrypted_content="zz")
        compacted = sdk.chat.CompactContextResponse(proto)
        built.append(client.chat.create("grok-4").append(compacted))
    assert_same(*built)


@given(replies())
@settings(deadline=None)
def test_a_response_of_xai_sdk_is_accepted(pair, reply):
    (theirs, _), (_, client) = pair
    proto = theirs.chat.chat_pb2.GetChatCompletionResponse.FromString(reply.SerializeToString())
    chat = client.chat.create("grok-4").append(theirs.chat.Response(proto, None))
    ours = client.chat.create("grok-4").append(xai_vision.chat.Response(reply))
    assert chat.proto == ours.proto


RESPONSE_PROPERTIES = (
    "id created content role reasoning_content encrypted_content finish_reason system_fingerprint "
    "service_tier cost_usd server_side_tool_usage"
).split()


@given(replies(), st.sampled_from([None, 0]))
@settings(deadline=None)
def test_responses_have_the_same_properties(pair, reply, index):
    assume(index is None or len(reply.outputs) == 1)
    (theirs, _), _ = pair
    proto = theirs.chat.chat_pb2.GetChatCompletionResponse.FromString(reply.SerializeToString())
    peer, ours = theirs.chat.Response(proto, index), xai_vision.chat.Response(reply, index)
    for name in RESPONSE_PROPERTIES:
        assert getattr(ours, name) == getattr(peer, name), name
    for name in ("tool_calls", "tool_outputs", "citations", "inline_citations"):
        assert [str(item) for item in getattr(ours, name)] == [
            str(item) for item in getattr(peer, name)
        ], name


def test_all_public_names_exist(pair):
    import inspect

    for theirs, ours in (
        (pair[0][0].chat, xai_vision.chat),
        (pair[0][0].tools, xai_vision.tools),
        (pair[0][0].search, xai_vision.search),
    ):
        for name in NAMES[ours.__name__]:
            assert hasattr(theirs, name), name
            assert hasattr(ours, name), name
    for kind in ("Response", "Chunk", "CompactContextResponse"):
        peer = getattr(pair[0][0].chat, kind)
        for name in (n for n in dir(peer) if not n.startswith("_")):
            assert hasattr(getattr(xai_vision.chat, kind), name), f"{kind}.{name}"
    for path in ("chat", "models", "auth", "tokenize"):
        peer, ours = (getattr(client, path) for _, client in pair)
        for name in (n for n in dir(peer) if not n.startswith("_")):
            method = getattr(ours, name)
            expected = [
                p.name
                for p in inspect.signature(getattr(peer, name)).parameters.values()
                if p.kind is p.POSITIONAL_OR_KEYWORD
            ]
            assert list(inspect.signature(method).parameters)[: len(expected)] == expected, name


NAMES = {
    "xai_vision.chat": (
        "user assistant system developer tool_result tool required_tool text image file Response "
        "Chunk CompactContextResponse Content ImageDetail ReasoningEffort ResponseFormat ToolMode "
        "IncludeOption chat_pb2 usage_pb2"
    ).split(),
    "xai_vision.tools": (
        "web_search x_search code_execution image_generation collections_search mcp "
        "get_tool_call_type"
    ).split(),
    "xai_vision.search": "SearchParameters web_source news_source x_source rss_source".split(),
}


# Programs whose requests are compared as the server receives them.
PROGRAMS = {
    "sample": lambda sdk, chat: chat.sample(),
    "stream": lambda sdk, chat: list(chat.stream()),
    "batch": lambda sdk, chat: chat.sample_batch(3),
    "stream batch": lambda sdk, chat: list(chat.stream_batch(2)),
    "turns": lambda sdk, chat: chat.append(chat.sample()).append(sdk.chat.user("b")).sample(),
    "compact": lambda sdk, chat: (chat.compact(), chat.append(sdk.chat.user("b")), chat.sample()),
    "parse": lambda sdk, chat: chat.parse(Animal),
    "n in the proto": lambda sdk, chat: (setattr(chat.proto, "n", 3), chat.sample()),
    "defer": lambda sdk, chat: chat.defer(),
}


@pytest.mark.filterwarnings("ignore:chat.*batch will be deprecated")  # a warning of xai_sdk
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_send_the_same(program):
    import xai_sdk
    import xai_sdk.chat

    from xai_vision.testing import FakeServer

    sent = []
    for sdk in (xai_sdk, xai_vision):
        with FakeServer(fixed_ids=True) as server:
            client = sdk.Client(api_key=server.api_key, api_host=server.target)
            chat = client.chat.create("grok-4", messages=[sdk.chat.system("Be brief")])
            chat.append(sdk.chat.user("a", sdk.chat.image(data_url(png()), detail="high")))
            PROGRAMS[program](sdk, chat)
            requests = [c.request for c in server.calls if c.method != "GetDeferredCompletion"]
            sent.append([type(request).__name__ + str(request) for request in requests])
            client.close()
    assert sent[0] == sent[1]
