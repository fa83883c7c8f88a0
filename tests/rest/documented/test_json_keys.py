"""Check the table of JSON keys in docs/rest.md: it is complete and correct."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rest.documented.doc_tables import (
    HI,
    PLACES,
    chat,
    chat_part,
    item,
    part,
    responses,
    rows,
)
from xai_vision.openai_compat import TranslationError, from_request, to_request

pytestmark = pytest.mark.peer
te = pytest.importorskip("typing_extensions")
openai = pytest.importorskip("openai")

REQUESTS = rows("in JSON")
CASES = [
    (row, column, key)
    for row, columns in REQUESTS.items()
    for column, keys in enumerate(columns)
    for key in keys
]


def members(hint: Any) -> list[Any]:
    """Return the TypedDicts that a type allows directly."""
    if te.get_origin(hint) in (te.Required, te.NotRequired, te.Annotated):
        return members(te.get_args(hint)[0])
    if te.is_typeddict(hint):
        return [hint]
    return [
        one
        for argument in te.get_args(hint)
        if not isinstance(argument, str)
        for one in members(argument)
    ]


def hints(cls: Any) -> dict[str, Any]:
    return te.get_type_hints(cls, include_extras=True)


def reachable() -> list[Any]:
    """Return every TypedDict inside a request of either format."""
    from openai.types.chat import completion_create_params as chats
    from openai.types.responses import response_create_params as params

    result: list[Any] = []
    queue = [chats.CompletionCreateParamsNonStreaming, params.ResponseCreateParamsNonStreaming]
    while queue:
        cls = queue.pop()
        if cls not in result:
            result.append(cls)
            queue += [one for hint in hints(cls).values() for one in members(hint)]
    return result


def test_table_lists_every_object():
    assert set(REQUESTS) == set(PLACES)


def test_table_lists_every_key_of_openai():
    known = {cls.__name__: hints(cls) for cls in reachable()}
    # Several types share a name; these are the ones that the table describes.
    from openai.types.chat import chat_completion_message_function_tool_call_param as calls
    from openai.types.responses import response_input_item_param as items
    from openai.types.responses import tool_param as tools
    from openai.types.responses import web_search_tool_param as searches
    from openai.types.shared_params import reasoning

    for module, name in (
        (calls, "Function"),
        (items, "Message"),
        (items, "McpCall"),
        (items, "ImageGenerationCall"),
        (tools, "Mcp"),
        (tools, "ImageGeneration"),
        (tools, "CodeInterpreter"),
        (searches, "UserLocation"),
        (reasoning, "Reasoning"),
    ):
        known[name] = hints(getattr(module, name))
    for row, place in PLACES.items():
        listed = [key for column in REQUESTS[row] for key in column]
        assert len(listed) == len(set(listed)), row
        for name in place.types:
            missing = set(known[name]) - set(listed) - {"type"}
            assert not missing, (row, name, missing)


def body_with(row: str, key: str) -> dict[str, Any]:
    place = PLACES[row]
    value = place.values.get(key, "x")
    # A dict that contains the key also replaces other keys, which exclude this one.
    keys = value if isinstance(value, dict) and key in value else {key: value}
    return place.put({**place.base, **keys})


@pytest.mark.parametrize(("row", "column", "key"), CASES)
def test_key_is_translated_as_documented(row, column, key):
    place = PLACES[row]
    before = to_request(place.put(place.base))
    body = body_with(row, key)
    if column == 2:
        with pytest.raises(TranslationError, match=key) as caught:
            to_request(body)
        assert caught.value.unsupported
        assert caught.value.key.rpartition(".")[2] == key
        return
    after = to_request(body)
    if column == 1:
        assert after == before
        return
    assert after != before
    again = from_request(after, api="chat" if "messages" in body else "responses")
    assert to_request(again) == after


def type_names(hint: Any) -> set[str]:
    """Return the values of ``type`` of the TypedDicts that a type allows."""
    return {
        word
        for cls in members(hint)
        for word in _words(hints(cls).get("type"))
        if isinstance(word, str)
    }


def _words(hint: Any) -> list[Any]:
    if te.get_origin(hint) is te.Literal:
        return list(te.get_args(hint))
    return [word for argument in te.get_args(hint) for word in _words(argument)]


def unions() -> list[tuple[str, Any, set[str]]]:
    """Return each union in a request: its name, its type, and the supported values of ``type``."""
    from openai.types.chat import ChatCompletionContentPartParam as Part
    from openai.types.chat import ChatCompletionToolUnionParam as ChatTool
    from openai.types.responses import ResponseInputContentParam as Content
    from openai.types.responses import ResponseInputItemParam as Item
    from openai.types.responses import ToolParam as Tool

    supported = {name.split("`")[1] for name in PLACES if name.endswith((" item", " tool"))}
    supported |= {"message", "function"}
    return [
        ("item", Item, supported),
        ("tool", Tool, supported),
        ("chat tool", ChatTool, supported),
        ("part", Content, {"input_text", "input_image", "input_file"}),
        ("chat part", Part, {"text", "image_url", "file"}),
    ]


def unsupported_types() -> list[tuple[str, str]]:
    return [
        (where, name)
        for where, hint, supported in unions()
        for name in type_names(hint) - supported
    ]


BODIES = {
    "item": item,
    "part": part,
    "chat part": chat_part,
    "tool": lambda one: responses(tools=[one]),
    "chat tool": lambda one: chat(tools=[one]),
}


def test_other_types_are_rejected():
    result = unsupported_types()
    assert len(result) > 30
    for where, name in result:
        with pytest.raises(TranslationError, match=f"'{name}'") as caught:
            to_request(BODIES[where]({"type": name, "id": "x"}))
        assert caught.value.key


@pytest.mark.parametrize("name", ["allowed_tools", "mcp", "custom", "image_generation", "shell"])
def test_other_tool_choices_are_rejected(name):
    choice = {"type": name, "name": "x"}
    with pytest.raises(TranslationError, match=name) as caught:
        to_request(responses(tool_choice=choice))
    assert caught.value.unsupported
    with pytest.raises(TranslationError, match=f"tool_choice.type: .*'{name}'"):
        to_request(chat(tool_choice={**choice, "function": {"name": "x"}}))


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (
            chat(messages=[HI, HI, {"role": "assistant", "content": None, "refusal": "I won't."}]),
            "messages[2].refusal",
        ),
        (
            chat(messages=[{"role": "assistant", "content": "a", "refusal": "No."}]),
            "messages[0].refusal",
        ),
        (
            item({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}),
            "input[1], part 1.refusal",
        ),
    ],
)
def test_refusal_is_rejected(body, place):
    with pytest.raises(TranslationError) as caught:
        to_request(body)
    assert (caught.value.key, caught.value.unsupported) == (place, True)
    assert str(caught.value).startswith(
        f"{place}: the service's messages have no field for a refusal"
    )
    assert "Leave the message out, or put the refusal into content" in str(caught.value)


@pytest.mark.parametrize("empty", [{"refusal": None}, {"refusal": ""}, {}])
def test_empty_refusal_is_accepted(empty):
    (_, message) = to_request(
        chat(messages=[HI, {"role": "assistant", "content": "a", **empty}])
    ).messages
    assert [content.text for content in message.content] == ["a"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (chat(messages=[{**HI, "type": "reasoning"}]), r"messages\[0\].type: .*'reasoning'"),
        (
            chat_part({"type": "file", "file": {"file_id": "a", "size": 3}}),
            "file has no key 'size'",
        ),
        (
            chat_part({"type": "file", "file": {"file_id": "a"}, "file_id": "b"}),
            "'file_id' is set twice",
        ),
        (
            part({"type": "input_file", "file_id": "a", "filename": "b"}),
            "filename: only file_data has a filename",
        ),
        (part({"type": "input_file", "file_data": "data:text/plain,hell"}), "is not valid base64"),
        (
            chat_part(
                {"type": "image_url", "image_url": {"url": "u", "detail": "low"}, "detail": "x"}
            ),
            "'detail' is set twice",
        ),
        (
            item({"type": "reasoning", "summary": [{"type": "thought", "text": "a"}]}),
            r"summary\[0\].type: only 'summary_text' is supported",
        ),
        (item({"type": "web_search_call", "action": "q"}), "action must be an object"),
        (item({"type": "web_search_call", "action": {"type": "q"}}), "action.type must be one of"),
        (item({"type": "mcp_call", "name": "a", "status": "odd"}), "status must be one of"),
        (item({"type": "mcp_call", "name": "a", "error": {"code": 1}}), "error must be a string"),
        (item({"type": "code_interpreter_call", "code": 3}), "code must be a string"),
        (chat(messages=[{"role": "assistant", "tool_calls": {"id": "1"}}]), "must be a list"),
        (
            chat(messages=[{"role": "assistant", "tool_calls": [{"function": {"arguments": {}}}]}]),
            "arguments must be a string",
        ),
        (
            responses(tools=[{"type": "function", "name": "f", "parameters": {"a": {1}}}]),
            "is not valid JSON",
        ),
    ],
)
def test_invalid_value_is_rejected(body, message):
    with pytest.raises(TranslationError, match=message) as caught:
        to_request(body)
    assert caught.value.key


def test_data_url_keeps_its_media_type():
    url = "data:text/plain;charset=utf-8;base64,aGk="
    request = to_request(part({"type": "input_file", "file_data": url, "filename": "a"}))
    assert request.messages[1].content[1].file.mime_type == "text/plain;charset=utf-8"
    again = from_request(request, api="responses")
    assert again["input"][1]["content"][1] == {
        "type": "input_file",
        "file_data": url,
        "filename": "a",
    }
