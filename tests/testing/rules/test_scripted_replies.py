"""Replies of rules that the service could not send to the request are refused."""

from __future__ import annotations

import json
import sys

import pytest

from tests.testing.grpc_calls import chat_message, request
from xai_vision import Client
from xai_vision.chat import user
from xai_vision.errors import BadRequestError
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer, Fault, FunctionCall, Reply, ServerToolCall
from xai_vision.testing._rules.reply_validity import reply_error
from xai_vision.testing._service.default_reply.reply import default_reply
from xai_vision.testing._service.request_reader import ConversationSummary

PARAMETERS = {
    "type": "object",
    "properties": {"item": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["item"],
}
REF = {"$ref": "#/$defs/a", "$defs": {"a": PARAMETERS}, "properties": {}}
SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}


def function(name="stock", parameters=PARAMETERS, strict=False):
    text = "" if parameters is None else json.dumps(parameters)
    return chat_pb2.Tool(function=chat_pb2.Function(name=name, parameters=text, strict=strict))


def tools(*kinds, **flags):
    return {"tools": [function(), *(tool(kind, **flags) for kind in kinds)]}


def tool(kind, **flags):
    if kind == "mcp":
        flags["server_url"] = "https://e.x/mcp"
    if kind == "collections_search":
        flags["collection_ids"] = ["c"]
    result = chat_pb2.Tool()
    getattr(result, kind).SetInParent()
    for name, value in flags.items():
        field = getattr(getattr(result, kind), name)
        field.extend(value) if isinstance(value, list) else setattr(
            getattr(result, kind), name, value
        )
    return result


def json_format(schema=SCHEMA):
    kind = chat_pb2.FORMAT_TYPE_JSON_OBJECT if schema is None else chat_pb2.FORMAT_TYPE_JSON_SCHEMA
    text = "" if schema is None else json.dumps(schema)
    return {"response_format": chat_pb2.ResponseFormat(format_type=kind, schema=text)}


def calls(*arguments, name="stock", **fields):
    return Reply(tool_calls=[FunctionCall(name, value) for value in arguments], **fields)


def step(kind):
    return Reply("x", steps=[ServerToolCall(kind)])


NONE = {"tool_choice": chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_NONE)}
REQUIRED = {"tool_choice": chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_REQUIRED)}
CHOSEN = {"tool_choice": chat_pb2.ToolChoice(function_name="other")}
REFUSED = [
    (calls({}, name="stokc"), tools(), "does not have the function 'stokc'; did you mean 'stock'?"),
    (calls({}, name="weather"), tools(), "does not have the function 'weather'; it has stock"),
    (Reply.tool_call("stock"), {}, "the function 'stock'; it has no functions"),
    (Reply.tool_call("stock"), {"tools": [tool("web_search")]}, "it has no functions"),
    (calls({}), tools(), "'item' is a required property"),
    (calls({"item": 5}), tools(), "of 'stock' do not match its parameters: at $.item: 5 is not"),
    (calls({"item": "x"}, {"item": 5}), tools(), "at $.item: 5 is not of type 'string'"),
    (calls('{"item": 5}'), tools(), "at $.item: 5 is not of type 'string'"),
    (calls("[]"), tools(), "the arguments of 'stock' are not a JSON object"),
    (
        calls({"item": "x", "cuont": 1}),
        tools(),
        "have 'cuont', which its parameters do not declare",
    ),
    (calls({"item": "x", "cuont": 1}), tools(), "; did you mean 'count'?"),
    (calls({"item": 5}), {"tools": [function(strict=True)]}, "5 is not of type 'string'"),
    (calls({}), {"tools": [function(parameters=REF)]}, "'item' is a required property"),
    (calls({"item": "x"}), {**tools(), **NONE}, "the request has tool_choice='none'"),
    (step("web_search"), {**tools("web_search"), **NONE}, "has tool_choice='none'"),
    (Reply("Hello"), {**tools(), **REQUIRED}, "it does not call a tool, but the request has tool_"),
    (
        Reply("Hello"),
        {"tools": [function(), function("other")], **CHOSEN},
        "it does not call 'other', which tool_choice names",
    ),
    (
        calls({"item": "x"}),
        {"tools": [function(), function("other")], **CHOSEN},
        "it calls 'stock', but tool_choice names 'other'",
    ),
    (
        calls({"item": "x"}, {"item": "y"}),
        {**tools(), "parallel_tool_calls": False},
        "the request has parallel_tool_calls=False",
    ),
    (step("web_search"), tools(), "the server-side tool 'web_search'"),
    (step("web_search"), tools("x_search"), "does not have the server-side tool 'web_search'"),
    (step("mcp"), tools("web_search"), "the server-side tool 'mcp'"),
    (step("view_image"), tools("web_search"), "it needs enable_image_understanding of web_search"),
    (step("image_search"), tools("web_search"), "it needs enable_image_search of web_search"),
    (step("view_x_video"), tools("x_search"), "it needs enable_video_understanding of x_search"),
    (step("attachment_search"), {}, "it needs a file in a message"),
    (Reply("Hello"), json_format(), "the text is not valid JSON: 'Hello'"),
    (Reply(""), json_format(), "the text is not valid JSON: ''"),
    (Reply('{"a": 1}'), json_format(), "the requested schema: at $: 'total' is a required"),
    (Reply(choices=['{"total": 1}', "2"]), {**json_format(), "n": 2}, "2 is not of type 'object'"),
    (Reply('{"total":'), json_format(), "the text is not valid JSON"),
    (Reply('{"total": NaN}'), json_format(), "the text is not valid JSON"),
    (Reply('{"total": -Infinity}'), json_format(None), "the text is not valid JSON"),
    (Reply("Hello"), json_format(None), "the text is not valid JSON"),
    (Reply("[1]"), json_format(None), "the request asks for a JSON object, not '[1]'"),
]
AFTER_RESULT = [
    chat_message("Hi"),
    chat_pb2.Message(
        role=chat_pb2.ROLE_ASSISTANT,
        tool_calls=[
            {
                "id": "call-1",
                "type": chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
                "function": {"name": "stock", "arguments": '{"item": "x"}'},
            }
        ],
    ),
    chat_pb2.Message(
        role=chat_pb2.ROLE_TOOL, tool_call_id="call-1", content=[chat_pb2.Content(text="5")]
    ),
]
ACCEPTED = [
    (calls({"item": "x", "count": 1}), tools()),
    (calls('{"item"'), tools()),  # arguments that are not valid JSON are on purpose
    (calls({"any": 1}), {"tools": [function(parameters=None)]}),
    (calls({"any": 1}), {"tools": [function(parameters={})]}),
    (calls({"any": 1}), {"tools": [function(parameters={"type": "object"})]}),
    (calls({"any": 1, "item": "x"}), {"tools": [function(parameters=REF)]}),
    (
        calls({"item": "x", "any": 1}),
        {"tools": [function(parameters={**PARAMETERS, "additionalProperties": True})]},
    ),
    *(
        (calls({"item": "x", "any": 1}), {"tools": [function(parameters={**PARAMETERS, **more})]})
        for more in (
            {"dependentSchemas": {"item": {"properties": {"any": {}}}}},
            {"dependencies": {"item": {"properties": {"any": {}}}}},
        )
    ),
    (calls({"item": "x"}, {"item": "y"}), {**tools(), "parallel_tool_calls": True}),
    (calls({"item": "x"}), {**tools(), **REQUIRED}),
    (step("web_search"), {**tools("web_search"), **REQUIRED}),
    (Reply("Hel", finish="length"), {**tools(), **REQUIRED}),
    (calls({"item": "x"}), {**tools(), **json_format()}),
    (calls({"item": "x"}, text="I look that up."), {**tools(), **json_format()}),
    *(
        (step(kind), tools(kind))
        for kind in (
            *("web_search", "x_search", "code_execution", "collections_search"),
            *("attachment_search", "mcp", "image_generation"),
        )
    ),
    (step("view_image"), tools("web_search", enable_image_understanding=True)),
    (step("view_image"), tools("x_search", enable_image_understanding=True)),
    (step("image_search"), tools("web_search", enable_image_search=True)),
    (step("view_x_video"), tools("x_search", enable_video_understanding=True)),
    (
        step("attachment_search"),
        {
            "messages": [
                chat_message(
                    "Hi",
                    chat_pb2.Content(file=chat_pb2.FileContent(filename="a", data=b"x")),
                )
            ]
        },
    ),
    # A text may follow the result of the tool that tool_choice names.
    *(
        (Reply("It is 5."), {**tools(), **choice, "messages": AFTER_RESULT})
        for choice in (REQUIRED, {"tool_choice": chat_pb2.ToolChoice(function_name="stock")})
    ),
    (Reply('{"total": 1}'), json_format()),
    (Reply('{"total": 1', finish="length"), json_format()),
    (Reply("{}"), json_format(None)),
    (Reply("5"), json_format({"type": "integer"})),
]
# The service may read these schemas, but jsonschema does not.
UNREADABLE = [
    (Reply('{"total": 1}'), json_format({"properties": {"total": schema}}))
    for schema in (
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},  # draft 4
        {"type": "any"},
        {"pattern": r"^\p{L}+$"},
        {"$ref": "https://example.com/item.json"},
    )
]


@pytest.mark.parametrize("method", ["unary", "stream", "deferred"])
@pytest.mark.parametrize(("reply", "fields", "message"), REFUSED, ids=str)
def test_a_reply_that_the_service_cannot_send(server, caller, reply, fields, message, method):
    fields = dict(fields)
    rule = server.on().reply(reply)
    body = request("Hi", **fields)
    send = {
        "unary": caller.chat.GetCompletion,
        "stream": lambda *args, **kwargs: list(caller.chat.GetCompletionChunk(*args, **kwargs)),
        "deferred": caller.chat.StartDeferredCompletion,
    }[method]
    with pytest.raises(Exception, match="FAILED_PRECONDITION") as caught:
        send(body, metadata=caller.metadata)
    assert message in caught.value.details()
    (problem,) = server.problems()
    assert problem.startswith("the service cannot send the reply of on(): ")
    sentence, _, remedy = problem.rpartition(" Use ")
    assert remedy == "unchecked=True to send it on purpose"
    assert sentence[-1] == ("?" if "did you mean" in problem else ".")
    assert message in problem
    assert caught.value.details() == f"From the fake server: `{problem}`"
    server.clear()
    rule = server.on().reply(reply, unchecked=True)
    send(body, metadata=caller.metadata)
    assert rule.uses == 1
    server.verify()


@pytest.mark.parametrize(("reply", "fields"), [*ACCEPTED, *UNREADABLE], ids=str)
def test_a_reply_that_the_service_can_send(server, caller, reply, fields):
    server.on().reply(reply)
    if "messages" in fields:
        caller.sample(**fields)
    else:
        caller.sample("Hi", **fields)
    server.verify()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": r"^\p{L}+$"},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},  # draft 4
        {"type": "any"},
        {"$ref": "https://example.com/item.json"},
    ],
)
def test_parameters_in_another_dialect_are_checked_by_name(server, caller, schema):
    parameters = {"type": "object", "properties": {"item": schema}}
    rule = server.on().replies(calls({"item": "x"}), calls({"itme": "x"}))
    assert caller.sample("Hi", tools=[function(parameters=parameters)])
    _, details = caller.expect_error("Hi", tools=[function(parameters=parameters)])
    assert "'itme', which its parameters do not declare; did you mean 'item'?" in details
    assert rule.uses == 2
    assert len(server.problems()) == 1
    server.clear()


@pytest.mark.parametrize(
    "set_reply",
    [
        lambda rule: rule.reply(Reply.tool_call("stokc")),
        lambda rule: rule.replies(Reply.tool_call("stokc")),
        lambda rule: rule.side_effect(lambda call: Reply.tool_call("stokc")),
        lambda rule: rule.reply("x", tool_calls=[FunctionCall("stokc")]),
        lambda rule: rule.reply_json({}, tool_calls=[FunctionCall("stokc")]),
    ],
)
def test_every_way_to_reply(server, set_reply):
    set_reply(server.on())
    with Client(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user("Hi")])
        with pytest.raises(BadRequestError, match="does not have the function 'stokc'") as caught:
            chat.sample()
    assert "later" not in str(caught.value)
    assert "stokc" in server.problems()[0]
    assert len(server.calls) == 1, "clients do not retry it"
    server.clear()


def test_over_rest():
    openai = pytest.importorskip("openai")
    with FakeServer(error_form="openai") as server:
        server.on().reply(Reply.tool_call("stokc", item="x"))
        stock = {"type": "function", "name": "stock", "parameters": PARAMETERS}
        with (
            openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as rest,
            pytest.raises(openai.BadRequestError, match="did you mean 'stock'"),
        ):
            rest.responses.create(model="grok-4", input="Hi", tools=[stock])
        assert len(server.calls) == 1
        server.clear()


@pytest.mark.parametrize("fields", [case[1] for case in (*REFUSED, *ACCEPTED)], ids=str)
@pytest.mark.parametrize("prompt", ["Hi", "Ask stock and other."])
def test_the_default_reply_is_one_that_the_service_can_send(fields, prompt):
    body = request(**{"messages": [chat_message(prompt)], **fields})
    reply = default_reply(body, ConversationSummary(prompt=prompt))
    assert reply_error(reply, body) == ""


def test_default_replies_and_faults_are_not_checked(server, caller):
    server.on(prompt="fault").reply(Fault.malformed())
    assert caller.expect_error("fault", **json_format())[0] == "INTERNAL"
    assert json.loads(caller.text("Hi", **json_format()))["total"] is not None
    server.verify()


def test_without_jsonschema(server, caller, monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    server.on().reply(calls({"item": "x"}))
    status, details = caller.expect_error("Hi", **tools())
    assert status == "FAILED_PRECONDITION"
    assert "needs jsonschema: pip install" in details
    assert "'xai-vision[testing]'" in details
    server.clear()
    server.on().reply(calls({"item": "x"}, unchecked=True))
    assert caller.sample("Hi", **tools()).outputs[0].message.tool_calls
    server.verify()


def test_unchecked_must_be_a_bool():
    with pytest.raises(TypeError, match="Reply: unchecked must be True or False, not 'yes'"):
        Reply("x", unchecked="yes")
