"""Check the table of request protos in docs/rest.md: it is complete and correct."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.rest.documented.doc_tables import rows
from xai_vision.openai_compat import TranslationError, from_request, to_request
from xai_vision.proto import chat_pb2, image_pb2

REQUESTS = {row.strip("`"): columns for row, columns in rows("message").items()}


def request(**more: Any) -> chat_pb2.GetCompletionsRequest:
    request_ = chat_pb2.GetCompletionsRequest(model="m", **more)
    if not request_.messages:
        request_.messages.append(message(1))
    return request_


def message(role: int, **more: Any) -> chat_pb2.Message:
    result = chat_pb2.Message(role=role, **more)
    if not result.content:
        result.content.add().text = "Hi"
    return result


def part(content: chat_pb2.Content) -> chat_pb2.GetCompletionsRequest:
    return request(messages=[message(1, content=[chat_pb2.Content(text="a"), content])])


def tool(kind: str) -> Any:
    return lambda one: request(tools=[chat_pb2.Tool(**{kind: one})])


def with_call(call: chat_pb2.ToolCall) -> chat_pb2.GetCompletionsRequest:
    return request(messages=[message(1), message(2, tool_calls=[call])])


CLIENT = {"id": "1", "type": 1, "function": chat_pb2.FunctionCall(name="f", arguments="{}")}
SERVICE = CLIENT | {"type": 6, "status": 1}
LOCATION = chat_pb2.WebSearchUserLocation(city="Oslo")
# For each row: the proto's class, a function that puts one into a request, and its fields.
PLACES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "GetCompletionsRequest": (
        chat_pb2.GetCompletionsRequest,
        lambda one: one,
        {"model": "m", "messages": [message(1)]},
    ),
    "Message` of the model": (
        chat_pb2.Message,
        lambda one: request(messages=[one]),
        {"role": 2, "content": [chat_pb2.Content(text="a")]},
    ),
    "Message` of a tool": (
        chat_pb2.Message,
        lambda one: request(messages=[one]),
        {"role": 5, "content": [chat_pb2.Content(text="a")], "tool_call_id": "1"},
    ),
    "another `Message": (
        chat_pb2.Message,
        lambda one: request(messages=[message(1), one]),
        {"role": 6, "content": [chat_pb2.Content(text="a")]},
    ),
    "Content": (chat_pb2.Content, part, {"text": "a"}),
    "ImageUrlContent": (
        image_pb2.ImageUrlContent,
        lambda one: part(chat_pb2.Content(image_url=one)),
        {"image_url": "u", "detail": 1},
    ),
    "FileContent": (
        chat_pb2.FileContent,
        lambda one: part(chat_pb2.Content(file=one)),
        {"filename": "a", "data": b"a"},
    ),
    "Function": (chat_pb2.Function, tool("function"), {"name": "f"}),
    "WebSearch": (chat_pb2.WebSearch, tool("web_search"), {}),
    "XSearch": (chat_pb2.XSearch, tool("x_search"), {}),
    "CollectionsSearch": (
        chat_pb2.CollectionsSearch,
        tool("collections_search"),
        {"collection_ids": ["a"]},
    ),
    "MCP": (chat_pb2.MCP, tool("mcp"), {"server_url": "u"}),
    "AttachmentSearch": (chat_pb2.AttachmentSearch, tool("attachment_search"), {}),
    "ImageGeneration": (chat_pb2.ImageGeneration, tool("image_generation"), {}),
    "ToolChoice": (chat_pb2.ToolChoice, lambda one: request(tool_choice=one), {"mode": 1}),
    "ResponseFormat": (
        chat_pb2.ResponseFormat,
        lambda one: request(response_format=one),
        {"format_type": 3, "schema": "{}"},
    ),
    "SearchParameters": (
        chat_pb2.SearchParameters,
        lambda one: request(search_parameters=one),
        {"mode": 1},
    ),
    "ToolCall` of a function": (chat_pb2.ToolCall, with_call, CLIENT),
    "ToolCall` of the service": (chat_pb2.ToolCall, with_call, SERVICE),
}
# The values of fields for which "x", 2 or True is invalid.
VALUES: dict[str, Any] = {
    "response_format": chat_pb2.ResponseFormat(format_type=2),
    "tool_choice": chat_pb2.ToolChoice(mode=2),
    "tools": [chat_pb2.Tool(x_search=chat_pb2.XSearch())],
    "search_parameters": chat_pb2.SearchParameters(mode=1),
    "include": [7],
    "guidelines": [chat_pb2.Guideline()],
    "messages": [message(2)],
    "content": [chat_pb2.Content(text="other")],
    "tool_calls": [chat_pb2.ToolCall(**CLIENT)],
    "image_url": image_pb2.ImageUrlContent(image_url="u", detail=1),
    "parameters": '{"type": "object"}',
    "schema": '{"type": "object"}',
    "user_location": LOCATION,
    "extra_headers": {"a": "b"},
    "sources": [chat_pb2.Source(rss=chat_pb2.RssSource(links=["a"]))],
    "function": chat_pb2.FunctionCall(name="g", arguments="{}"),
    "stop": ["x"],
    "data": b"x",
}
# Fields that exclude other fields: the whole proto to use.
ALTERNATIVES: dict[tuple[str, str], dict[str, Any]] = {
    ("FileContent", "file_id"): {"file_id": "x"},
    ("FileContent", "url"): {"url": "x"},
    ("Content", "file"): {"file": chat_pb2.FileContent(file_id="f")},
    ("ImageUrlContent", "image_url"): {"image_url": "x", "detail": 1},
    ("ImageUrlContent", "file_id"): {"file_id": "x", "detail": 1},
    ("ResponseFormat", "format_type"): {"format_type": 2},
    ("Message` of a tool", "role"): {"role": 5, "tool_call_id": "1"},
    ("another `Message", "role"): {"role": 1, "content": [chat_pb2.Content(text="a")]},
    ("ToolCall` of the service", "type"): SERVICE
    | {"type": 3, "function": chat_pb2.FunctionCall(name="x_search", arguments="{}")},
    ("ToolCall` of a function", "type"): CLIENT,
}


def value_of(field: Any) -> Any:
    if field.name in VALUES:
        return VALUES[field.name]
    if field.message_type is not None:
        stamp = field.message_type.name == "Timestamp"
        return {"seconds": 86400} if stamp else {}
    if field.enum_type is not None:
        return 2
    return {1: 2, 6: 0.5, 7: True, 9: "x"}[field.cpp_type]


def with_field(row: str, name: str) -> chat_pb2.GetCompletionsRequest:
    cls, put, base = PLACES[row]
    if (row, name) in ALTERNATIVES:
        return put(cls(**ALTERNATIVES[row, name]))
    proto = cls(**base)
    field = cls.DESCRIPTOR.fields_by_name[name]
    value = value_of(field)
    current = getattr(proto, name)
    if hasattr(current, "extend"):
        del current[:]
        current.extend(value if isinstance(value, list) else [value])
    elif hasattr(current, "update"):
        current.update(value)
    elif hasattr(current, "SetInParent"):
        current.SetInParent()
        current.MergeFrom(type(current)(**value) if isinstance(value, dict) else value)
    else:
        setattr(proto, name, value)
    return put(proto)


def test_table_lists_every_field():
    assert set(REQUESTS) == set(PLACES)
    for row, (cls, _, _) in PLACES.items():
        documented = [name for column in REQUESTS[row] for name in column]
        fields = {field.name for field in cls.DESCRIPTOR.fields}
        if row == "ToolCall` of a function":
            fields -= {"status"}  # described below the table
        assert sorted(documented) == sorted(fields), row


def test_table_lists_every_message():
    """Protos whose fields are all listed in the row of their parent have no row."""
    nested = {"Source", "WebSource", "NewsSource", "XSource", "RssSource", "WebSearchUserLocation"}
    nested |= {"Tool", "CodeExecution", "HybridRetrieval", "SemanticRetrieval", "KeywordRetrieval"}
    nested |= {"FunctionCall", "Guideline", "PolicyGuideline", "Timestamp", "ExtraHeadersEntry"}
    nested |= {"ReciprocalRankFusion", "RerankerModel"}
    reachable, waiting = set(), [chat_pb2.GetCompletionsRequest.DESCRIPTOR]
    while waiting:
        one = waiting.pop()
        if one.name not in reachable:
            reachable.add(one.name)
            waiting += [f.message_type for f in one.fields if f.message_type is not None]
    documented_names = {re.findall(r"[A-Z]\w+", row)[0] for row in REQUESTS}
    assert reachable - nested == documented_names


CASES = [
    (row, name, api, column == 0 or column == {"chat": 1, "responses": 2}[api])
    for row, columns in REQUESTS.items()
    for column, names in enumerate(columns)
    for name in names
    for api in ("chat", "responses")
]


@pytest.mark.parametrize(("row", "name", "api", "supported"), CASES)
def test_field_is_translated_as_documented(row, name, api, supported):
    request_ = with_field(row, name)
    if supported:
        assert to_request(from_request(request_, api=api)) == request_
        return
    with pytest.raises(TranslationError) as caught:
        from_request(request_, api=api)
    assert caught.value.unsupported
    # The error names the whole part or call if JSON cannot express any of it.
    assert (
        name in caught.value.key
        or name in str(caught.value).lower()
        or "tool_calls" in caught.value.key
    )


def test_unknown_value_is_rejected():
    for request_, key in (
        (part(chat_pb2.Content()), "messages[0], part 2"),
        (
            part(chat_pb2.Content(image_url=image_pb2.ImageUrlContent(image_url="u", detail=9))),
            "messages[0], part 2.detail",
        ),
        (
            part(chat_pb2.Content(file=chat_pb2.FileContent(file_id="a", url="b"))),
            "messages[0], part 2",
        ),
        (request(search_parameters={"mode": 9}), "search_parameters.mode"),
        (request(messages=[chat_pb2.Message(role=1)]), "messages[0].content"),
        (request(response_format={"format_type": 1, "schema": "{}"}), "response_format.schema"),
    ):
        for api in ("chat", "responses"):
            with pytest.raises(TranslationError) as caught:
                from_request(request_, api=api)
            assert (caught.value.key, caught.value.unsupported) == (key, True)


def test_unknown_field_is_rejected():
    request_ = request()
    request_.messages[0].content[0].MergeFromString(bytes([15 << 3, 1]))
    for api in ("chat", "responses"):
        with pytest.raises(TranslationError, match="fields that are newer than this") as caught:
            from_request(request_, api=api)
        assert caught.value.unsupported


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (
            {"type": 2, "function": {"name": "web_search", "arguments": '{"query":"q"}'}},
            "web_search_call",
        ),
        (
            {"type": 2, "function": {"name": "browse_page", "arguments": '{"url":"u"}'}},
            "custom_tool_call",
        ),
        (
            {"type": 2, "function": {"name": "web_search", "arguments": '{"query":"q","count":3}'}},
            "custom_tool_call",
        ),
        (
            {
                "type": 5,
                "function": {"name": "collections_search", "arguments": '{"queries":["a","b"]}'},
            },
            "file_search_call",
        ),
        (
            {"type": 4, "function": {"name": "code_execution", "arguments": '{"code":"1"}'}},
            "code_interpreter_call",
        ),
        (
            {"type": 4, "function": {"name": "code_execution", "arguments": '{"language":"c"}'}},
            None,
        ),
        ({"type": 4, "function": {"name": "bash", "arguments": "{}"}}, None),
        (
            {
                "type": 3,
                "error_message": "no",
                "function": {"name": "web_search", "arguments": "{}"},
            },
            None,
        ),
    ],
)
def test_server_side_call(call, kind):
    request_ = with_call(chat_pb2.ToolCall(id="1", status=1, **call))
    if kind is None:
        with pytest.raises(
            TranslationError, match="no item of the Responses API can express this call"
        ) as caught:
            from_request(request_, api="responses")
        assert caught.value.key == "messages[1].tool_calls"
        return
    written = from_request(request_, api="responses")
    assert written["input"][-1]["type"] == kind
    (again,) = to_request(written).messages[1].tool_calls
    assert again.function.name == call["function"]["name"]
    assert again.type == call["type"]
