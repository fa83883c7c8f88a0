"""Replies made from responses, and their JSON form."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.testing.grpc_calls import open_caller
from xai_vision import Client
from xai_vision.chat import user
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.testing import FakeServer, FunctionCall, Reply, ServerToolCall
from xai_vision.testing._rules.tool_calls import SERVER_TOOLS

INCLUDE = [
    value
    for name, value in chat_pb2.IncludeOption.items()
    if name.endswith("_OUTPUT") and value  # not the inline citations
]
NAMES = st.text("abc_", min_size=1, max_size=5)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ARGUMENTS = st.dictionaries(NAMES, st.integers(0, 9) | TEXTS | st.lists(st.booleans()), max_size=3)
REPLIES = st.builds(
    Reply,
    TEXTS,
    reasoning=TEXTS,
    tool_calls=st.lists(
        st.builds(FunctionCall, NAMES, ARGUMENTS | TEXTS, id=NAMES), max_size=3
    ).map(tuple),
    steps=st.lists(
        st.builds(
            ServerToolCall,
            st.sampled_from(SERVER_TOOLS),
            ARGUMENTS,
            output=TEXTS,
            failed=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    citations=st.lists(TEXTS, max_size=2).map(tuple),
    choices=st.lists(TEXTS, max_size=3).map(tuple),
    finish=st.sampled_from([None, "stop", "length", "max_context", "tool_calls", "time_limit"]),
    usage=st.fixed_dictionaries({}, optional={"prompt_tokens": st.integers(0, 99)}),
    cost_ticks=st.none() | st.integers(-1, 99),
    encrypted=st.none() | NAMES,
    response_id=NAMES,
    debug=st.fixed_dictionaries(
        {}, optional={"attempts": st.integers(0, 9), "chunks": st.just([])}
    ),
    files=st.lists(st.tuples(NAMES, TEXTS), max_size=2).map(tuple),
    unchecked=st.just(True),
)


@pytest.fixture(scope="module")
def shared():
    with FakeServer(unused="allow") as server, open_caller(server) as caller:
        yield server, caller


def repeat(shared, reply, **fields):
    """Return the response that a reply becomes, without its time."""
    server, caller = shared
    server.clear()
    server.on().reply(reply, unchecked=True)
    response = caller.sample("Hi", **fields)
    response.ClearField("created")
    return response


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(REPLIES, st.sampled_from([[], INCLUDE]), st.integers(1, 3))
def test_a_reply_from_a_response_repeats_it(shared, reply, include, n):
    """Every response of the fake without inline citations is repeated exactly."""
    fields = {"include": include, "n": n}
    response = repeat(shared, reply, **fields)
    recorded = Reply.from_response(response)
    assert repeat(shared, recorded, **fields) == response
    again = Reply.from_json(recorded.to_json())
    assert again.to_json() == recorded.to_json()
    assert repeat(shared, again, **fields) == response


@settings(max_examples=150, deadline=None)
@given(REPLIES)
def test_the_json_form_keeps_a_reply(reply):
    again = Reply.from_json(reply.to_json())
    assert again.to_json() == reply.to_json()
    assert again.replace(debug={}) == reply.replace(debug={})


def test_the_json_form_is_short():
    reply = Reply("Hi", tool_calls=[FunctionCall("f", {"x": 1})], chunks=2)
    assert json.loads(reply.to_json()) == {
        "text": "Hi",
        "tool_calls": [{"name": "f", "arguments": {"x": 1}}],
        "chunks": 2,
    }
    assert Reply().to_json() == "{}"
    assert Reply.from_json("{}") == Reply()
    assert Reply.from_json(b'{"text": "Gr\xc3\xbc\xc3\x9fe"}').text == "Grüße"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("{", ValueError, "Reply.from_json: text is not valid JSON: "),
        ("[]", TypeError, "Reply.from_json must be a dict, not []"),
        ('{"txt": "a"}', TypeError, "does not accept 'txt'; did you mean 'text'?"),
        ('{"text": 1}', TypeError, "Reply: text must be a string, not int"),
        ('{"finish": "stopp"}', ValueError, "did you mean 'stop'?"),
        ('{"tool_calls": [1]}', TypeError, "tool_calls[0] must be an object, not 1"),
        ('{"tool_calls": "f"}', TypeError, "tool_calls must be a list, not 'f'"),
        ('{"tool_calls": [{"nam": "f"}]}', TypeError, "'nam'; did you mean 'name'?"),
        ('{"tool_calls": [{}]}', TypeError, "name"),
        ('{"steps": [{"tool": "web"}]}', ValueError, "ServerToolCall: tool must be one of"),
        (1, TypeError, "Reply.from_json: text must be a str or bytes, not 1"),
    ],
)
def test_wrong_json(text, error, words):
    with pytest.raises(error) as caught:
        Reply.from_json(text)
    assert words in str(caught.value)


def test_a_response_of_the_client(server):
    server.on(prompt="first").reply(
        "A photo.", reasoning="Look.", usage={"prompt_tokens": 7}, citations=["https://e.x"]
    )
    with Client(server.api_key, api_host=server.target) as client:
        first = client.chat.create("grok-4", messages=[user("first")]).sample()
        server.on(prompt="again").reply(Reply.from_response(first))
        again = client.chat.create("grok-4", messages=[user("again")]).sample()
        assert (again.content, again.reasoning_content, again.id) == (
            ("A photo.", "Look.", first.id)
        )
        assert again.usage == first.usage
        assert again.citations == first.citations
        # The same of a complete stream.
        *_, (streamed, _) = client.chat.create("grok-4", messages=[user("first")]).stream()
        assert Reply.from_response(streamed).text == "A photo."


def test_a_batch_becomes_choices(server):
    server.on(prompt="first").reply(choices=["a", "b", "c"])
    with Client(server.api_key, api_host=server.target) as client:
        batch = client.chat.create("grok-4", messages=[user("first")]).sample_batch(3)
        assert Reply.from_response(batch[1]).choices == ("a", "b", "c")


@pytest.mark.peer
def test_choices_follow_their_index():
    proto = chat_pb2.GetChatCompletionResponse(id="a")
    for index, text in ((1, "b"), (2, "c"), (0, "a")):
        message = chat_pb2.CompletionMessage(content=text, role=chat_pb2.ROLE_ASSISTANT)
        proto.outputs.add(index=index, message=message, finish_reason=sample_pb2.REASON_STOP)
    assert Reply.from_response(proto).choices == ("a", "b", "c")


@pytest.mark.peer
def test_a_response_of_xai_sdk(server):
    import xai_sdk
    from xai_sdk.chat import user as xai_user

    server.on(prompt="first").reply("A photo.", reasoning="Look.")
    client = xai_sdk.Client(api_key=server.api_key, api_host=server.target)
    first = client.chat.create("grok-4", messages=[xai_user("first")]).sample()
    reply = Reply.from_response(first)
    assert (reply.text, reply.reasoning, reply.response_id) == ("A photo.", "Look.", first.id)
    assert Reply.from_response(first.proto) == reply
    client.close()


def test_the_answer_of_a_search_by_name_and_order(shared):
    reply = Reply.searched("cats", views=["https://e.x/a.png"], result="3 hits", text="Found.")
    recorded = Reply.from_response(repeat(shared, reply, include=INCLUDE))
    assert [step.tool for step in recorded.steps] == ["web_search", "view_image"]
    assert recorded.steps[0].output == "3 hits"
    assert recorded.steps[0].arguments == {"query": "cats"}
    assert recorded.text == "Found."


def answer(**fields):
    """Return a response with one output, whose message has these fields."""
    message = {"role": chat_pb2.ROLE_ASSISTANT, "content": "Hi", **fields}
    output = chat_pb2.CompletionOutput(finish_reason=sample_pb2.REASON_STOP, message=message)
    return chat_pb2.GetChatCompletionResponse(id="a", outputs=[output])


def server_call(**fields):
    function = {"name": "web_search", "arguments": "{}", **fields.pop("function", {})}
    return chat_pb2.ToolCall(
        **{
            "id": "1",
            "type": chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL,
            "status": chat_pb2.TOOL_CALL_STATUS_COMPLETED,
            "function": function,
            **fields,
        }
    )


def with_step(before=(), **fields):
    """Return a response with a step before its answer."""
    response = answer()
    final = response.outputs.pop()
    response.outputs.add(
        finish_reason=sample_pb2.REASON_TOOL_CALLS,
        message={"role": chat_pb2.ROLE_ASSISTANT, "tool_calls": [server_call()], **fields},
    )
    response.outputs.extend([*before, final])
    return response


def changed(change):
    response = answer()
    change(response)
    return response


TOOL_RESULT = chat_pb2.CompletionOutput(
    message={"role": chat_pb2.ROLE_TOOL, "content": "x", "tool_calls": [server_call(id="2")]}
)
REFUSED = {
    "a response without an answer": chat_pb2.GetChatCompletionResponse(id="a"),
    "outputs[0].logprobs (log probabilities)": changed(
        lambda r: r.outputs[0].logprobs.content.add(token="a")
    ),
    "outputs[0].message.citations (inline citations)": answer(citations=[{"id": "1"}]),
    "outputs[0].finish_reason (REASON_INVALID: the response is not complete)": changed(
        lambda r: r.outputs[0].ClearField("finish_reason")
    ),
    "outputs[0].message.role (ROLE_USER)": answer(role=chat_pb2.ROLE_USER),
    "outputs[1] (its reasoning differs from that of outputs[0])": changed(
        lambda r: r.outputs.add().CopyFrom(answer(reasoning_content="Hm").outputs[0])
    ),
    "outputs[0].message.tool_calls[0].status (TOOL_CALL_STATUS_COMPLETED)": answer(
        tool_calls=[{"type": 1, "status": 1, "function": {"name": "f"}}]
    ),
    "outputs[0].message.content (before the last output)": with_step(content="Let me see."),
    "outputs[0].message.reasoning_content (before the last output)": with_step(
        reasoning_content="Hm"
    ),
    "outputs[0].message.encrypted_content (before the last output)": with_step(
        encrypted_content="x"
    ),
    "outputs[0].message.tool_calls[0].function.arguments (not a JSON object)": with_step(
        tool_calls=[server_call(function={"arguments": "[1]"})]
    ),
    "outputs[0].message.tool_calls[0].status (TOOL_CALL_STATUS_IN_PROGRESS)": with_step(
        tool_calls=[server_call(status=0)]
    ),
    "outputs[0].message.tool_calls[0].type (99)": with_step(tool_calls=[server_call(type=99)]),
    "outputs[0].message.tool_calls[1] (a call of the client's function before the end)": (
        with_step(tool_calls=[server_call(), {"type": 1, "function": {"name": "f"}}])
    ),
    "outputs[1] (a tool's output without its call)": with_step([TOOL_RESULT]),
    "usage.server_side_tools_used (SERVER_SIDE_TOOL_MCP; the calls are others)": changed(
        lambda r: r.usage.server_side_tools_used.append(usage_pb2.SERVER_SIDE_TOOL_MCP)
    ),
}


@pytest.mark.parametrize("problem", REFUSED)
def test_what_a_reply_cannot_repeat_is_named(problem):
    with pytest.raises(ValueError) as caught:
        Reply.from_response(REFUSED[problem])
    assert f"Reply.from_response: a Reply cannot repeat {problem}" in str(caught.value)
    incomplete = "without an answer", "REASON_INVALID", "IN_PROGRESS"
    remedy = "Remove that from a copy of response.proto, and pass the copy"
    if any(word in problem for word in incomplete):
        remedy = "Pass the response of a call that ended, or make the reply with Reply(...)"
    assert str(caught.value).endswith(remedy)


def test_all_problems_are_named():
    response = answer(citations=[{"id": "1"}])
    response.outputs[0].logprobs.content.add(token="a")
    with pytest.raises(ValueError, match=r"log probabilities\); .*inline citations\)\. Remove"):
        Reply.from_response(response)


@pytest.mark.parametrize("path", ["the response", "outputs[0].message"])
def test_a_field_that_is_newer_than_this_version(path):
    response = answer()
    part = response if path == "the response" else response.outputs[0].message
    part.MergeFromString(b"\xf8\x3e\x07")  # field 1007
    with pytest.raises(ValueError, match=r"field 1007 of .* \(unknown to this version\)") as caught:
        Reply.from_response(response)
    assert path in str(caught.value)


CHUNK = chat_pb2.GetChatCompletionChunk(id="a")


@pytest.mark.parametrize(
    "value", ["text", None, CHUNK, chat_pb2.GetChatCompletionResponse, Reply()]
)
def test_other_objects(value):
    with pytest.raises(TypeError, match="response must be a response of chat.sample"):
        Reply.from_response(value)


def test_reply_names_the_method(server):
    for wrap in (lambda r: r, lambda r: type("Response", (), {"proto": r})()):
        with pytest.raises(TypeError, match=r"Reply.from_response\(response\)"):
            server.on(prompt="x").reply(wrap(answer()))
    server.clear()


def test_the_text_of_arguments_is_kept():
    def arguments(text):
        call = {"type": 1, "id": "1", "function": {"name": "f", "arguments": text}}
        return Reply.from_response(answer(tool_calls=[call])).tool_calls[0]

    for text in ('{"city":"Oslo"}', '{"city": "Oslo"}', "not JSON", '{"a": 1, "a": 2}', ""):
        assert arguments(text).arguments_json == text
    assert arguments('{"city": "Oslo"}').arguments == {"city": "Oslo"}


READ = {
    chat_pb2.GetChatCompletionResponse: "id outputs usage citations debug_output output_files",
    chat_pb2.CompletionOutput: "finish_reason index message logprobs",
    chat_pb2.CompletionMessage: (
        "content reasoning_content role tool_calls encrypted_content citations"
    ),
    chat_pb2.ToolCall: "id type status error_message function",
    chat_pb2.FunctionCall: "name arguments",
    chat_pb2.OutputFile: "file_id name",
}
COMPUTED = {"created", "model", "system_fingerprint", "settings", "service_tier"}


@pytest.mark.parametrize("message", READ, ids=lambda message: message.DESCRIPTOR.name)
def test_every_field_of_the_protos_is_read_or_computed(message):
    """A field that is added to the protos has to be added to the reader."""
    fields = set(message.DESCRIPTOR.fields_by_name)
    assert fields - COMPUTED == set(READ[message].split())


def test_rule_files_read_the_json_form(tmp_path):
    """YAML contains JSON, so a recorded reply can be the value of "reply"."""
    pytest.importorskip("yaml")
    from xai_vision.testing._rule_files.rule_file import check

    reply = Reply.searched("cats", views=["https://e.x/a.png"], text="Found.").replace(
        tool_calls=[FunctionCall("f", {"x": 1}, id="1")],
        usage={"prompt_tokens": 3},
        files=[("a", "b")],
        unchecked=True,
    )
    path = tmp_path / "rules.yaml"
    path.write_text(f"rules:\n  - reply: {reply.to_json()}\n")
    rules, errors = check(path)
    assert not errors
    with FakeServer() as server, open_caller(server) as caller:
        rules.apply(server)
        response = caller.sample("Hi")
    assert response.outputs[-1].message.content == "Found."
    assert response.outputs[-1].message.tool_calls[0].id == "1"
    assert (response.usage.prompt_tokens, response.output_files[0].name) == (3, "b")
    assert [o.message.tool_calls[0].function.name for o in response.outputs] == [
        "web_search",
        "view_image",
        "f",
    ]
