"""The elements that tools=[...] accepts."""

from __future__ import annotations

import json
from datetime import date

import pydantic
import pytest

from tests.ids import readable
from xai_vision import tools
from xai_vision.chat import chat_pb2, tool
from xai_vision.chat._request.settings import make_settings
from xai_vision.chat._request.tools import coerce_tool
from xai_vision.errors import InvalidRequestError


def converted(value) -> chat_pb2.Tool:
    (created,) = make_settings("grok-4", {"tools": [value]}).tools
    return created


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"name": "find", "description": "Finds.", "parameters": SCHEMA}
FIND = tool("find", "Finds.", SCHEMA)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        # The format of xAI's documentation.
        ({"type": "web_search"}, tools.web_search()),
        (
            {"type": "web_search", "web_search": {"enable_image_understanding": True}},
            tools.web_search(enable_image_understanding=True),
        ),
        # The format of the Responses API.
        (
            {"type": "web_search", "enable_image_understanding": True},
            tools.web_search(enable_image_understanding=True),
        ),
        (
            {"type": "web_search", "filters": {"allowed_domains": ["a.com"]}},
            tools.web_search(allowed_domains=["a.com"]),
        ),
        (
            {"type": "web_search", "filters": {"excluded_domains": ["a.com"]}},
            tools.web_search(["a.com"]),
        ),
        (
            {
                "type": "web_search",
                "allowed_domains": ["a.com"],
                "user_location": {"type": "approximate", "country": "DE", "timezone": "UTC"},
            },
            tools.web_search(
                allowed_domains=["a.com"],
                user_location_country="DE",
                user_location_timezone="UTC",
            ),
        ),
        (
            {"type": "web_search", "filters": None, "user_location": None, "web_search": None},
            tools.web_search(),
        ),
        (
            {
                "type": "web_search",
                "web_search": {"enable_image_search": True},
                "user_location_city": "Rome",
            },
            tools.web_search(enable_image_search=True, user_location_city="Rome"),
        ),
        (
            {
                "type": "x_search",
                "allowed_x_handles": ["NASA"],
                "from_date": "2025-10-01",
                "to_date": "2025-10-31",
                "enable_video_understanding": True,
            },
            tools.x_search(
                date(2025, 10, 1),
                date(2025, 10, 31),
                ["NASA"],
                enable_video_understanding=True,
            ),
        ),
        ({"type": "x_search", "x_search": {}}, tools.x_search()),
        ({"type": "code_execution"}, tools.code_execution()),
        ({"type": "code_interpreter"}, tools.code_execution()),
        ({"type": "image_generation", "action": "edit"}, tools.image_generation("edit")),
        (
            {"type": "collections_search", "collection_ids": ["c"], "retrieval_mode": "hybrid"},
            tools.collections_search(["c"], retrieval_mode="hybrid"),
        ),
        (
            {"type": "file_search", "vector_store_ids": ["c"], "max_num_results": 3},
            tools.collections_search(["c"], 3),
        ),
        (
            {"type": "attachment_search", "limit": 2},
            chat_pb2.Tool(attachment_search=chat_pb2.AttachmentSearch(limit=2)),
        ),
        (
            {"type": "mcp", "server_url": "https://a.b", "server_label": "ab"},
            tools.mcp("https://a.b", "ab"),
        ),
        (
            {
                "type": "mcp",
                "server_url": "https://a.b",
                "allowed_tools": ["t"],
                "headers": {"k": "v"},
            },
            tools.mcp("https://a.b", allowed_tool_names=["t"], extra_headers={"k": "v"}),
        ),
        ({"type": "function", "function": FUNCTION}, FIND),
        ({"type": "function", **FUNCTION}, FIND),
        ({"type": "function", **FUNCTION, "strict": None}, FIND),
        (
            {"type": "function", "function": {"name": "now", "strict": True}},
            tool("now", "", strict=True),
        ),
    ],
    ids=readable,
)
def test_dicts(form, expected):
    assert converted(form) == expected


def find(city: str) -> str:
    """Find a place."""
    return city


class Find(pydantic.BaseModel):
    city: str


def test_functions_and_classes():
    assert converted(find) == tool(find)
    assert converted(Find) == tool(Find)
    assert converted({"type": "function", "name": "go", "parameters": Find}) == tool(
        "go", None, Find
    )
    assert json.loads(converted(find).function.parameters)["required"] == ["city"]


def test_messages():
    assert converted(FIND) == FIND
    # A kind of tool that this package does not know is passed on.
    newer = chat_pb2.Tool.FromString(b"\xfa\x01\x02hi")
    assert converted(newer).SerializeToString() == newer.SerializeToString()


@pytest.mark.peer
def test_messages_of_xai_sdk():
    from xai_sdk.chat import tool as their_tool
    from xai_sdk.tools import mcp, web_search

    assert converted(their_tool("find", "Finds.", SCHEMA)) == FIND
    assert converted(web_search(enable_image_understanding=True)) == tools.web_search(
        enable_image_understanding=True
    )
    assert converted(mcp("https://a.b")) == tools.mcp("https://a.b")
    with pytest.raises(
        InvalidRequestError, match=r"web_search is a function that makes a tool. Call it"
    ):
        converted(web_search)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            {"type": "web_serch"},
            r"tools\[0\]: no tool has the type 'web_serch'; did you mean 'web_search'\?",
        ),
        ({"type": "???"}, r"no tool has the type '\?\?\?'; there are 'function', 'web_search'"),
        ({"type": None}, r"tools\[0\]: a tool's dict has a 'type', such as 'web_search'"),
        ({"web_search": {}}, "a tool's dict has a 'type'"),
        (
            {"type": "web_search", "web_search": {"enable_image_understandin": True}},
            "web_search has no key 'enable_image_understandin'; "
            "did you mean 'enable_image_understanding'",
        ),
        ({"type": "web_search", "max_results": None}, "web_search has no key 'max_results'"),
        ({"type": "web_search", "x_search": {}}, "web_search has no key 'x_search'"),
        ({"type": "web_search", "search_context_size": "low"}, "no key 'search_context_size'"),
        ({"type": "web_search", "web_search": True}, "'web_search' must be a dict, not True"),
        ({"type": "web_search", "filters": ["a.com"]}, "'filters' must be a dict"),
        (
            {"type": "web_search", "filters": {"allowed_domain": ["a.com"]}},
            "web_search: filters has no key 'allowed_domain'; did you mean 'allowed_domains'",
        ),
        (
            {"type": "web_search", "user_location": {"city": "Rome", "zip": "1"}},
            "web_search: user_location has no key 'zip'",
        ),
        (
            {
                "type": "web_search",
                "web_search": {"enable_image_search": True},
                "filters": {},
                "enable_image_search": False,
            },
            "web_search: 'enable_image_search' is set twice",
        ),
        (
            {"type": "web_search", "allowed_domains": "a.com"},
            r"tools\[0\]: web_search: allowed_domains must be a list .* Pass \['a\.com'\]",
        ),
        (
            {"type": "x_search", "from_date": "2025-02-01", "to_date": "2025-01-01"},
            "x_search: from_date .* is after to_date",
        ),
        ({"type": "code_interpreter", "container": {}}, "no key 'container'; there are none"),
        ({"type": "file_search"}, "file_search needs 'collection_ids'"),
        (
            {"type": "attachment_search", "limit": 0},
            "attachment_search: limit must be an integer from 1",
        ),
        ({"type": "mcp", "server_label": "a"}, "mcp needs 'server_url'"),
        ({"type": "mcp", "server_url": "https://a.b", 3: 4}, "mcp has no key 3; there are"),
        ({"type": "function"}, "function needs 'name'"),
        ({"type": "function", "function": {"name": ""}}, r"tools\[0\]: tool: name is empty"),
        (
            {"type": "function", "function": {"name": "f", "params": {}}},
            "function has no key 'params'; did you mean 'parameters'",
        ),
        ({"type": "function", "name": "f", "parameters": "{}"}, "parameters must be a JSON schema"),
        (
            tools.web_search,
            r"tools\[0\]: web_search is a function that makes a tool. Call it: web_search\(\)",
        ),
        (lambda: 0, r"tools\[0\]: tool: a lambda has no name"),
        (max, r"tools\[0\]: tool 'max': no signature found"),
        (
            "web_search",
            r"tools\[0\] must be what tool\(\) .*'type': 'web_search'.*not 'web_search'",
        ),
        (None, r"tools\[0\] must be what tool\(\) or a function of xai_vision.tools returns"),
        (dict, r"tools\[0\] must be what tool\(\)"),
        (chat_pb2.Tool(), r"tools\[0\] is an empty Tool message"),
        (chat_pb2.Function(name="f"), r"tools\[0\] must be what tool\(\)"),
    ],
    ids=readable,
)
def test_invalid_arguments(form, expected):
    with pytest.raises(InvalidRequestError, match=expected):
        converted(form)


def test_errors_name_the_index():
    with pytest.raises(InvalidRequestError, match=r"tools\[1\]: no tool has the type 'nope'"):
        make_settings("grok-4", {"tools": [{"type": "web_search"}, {"type": "nope"}]})


def test_dicts_are_not_changed():
    form = {"type": "web_search", "web_search": {"enable_image_search": True}}
    before = json.dumps(form)
    coerce_tool("tools[0]", form)
    assert json.dumps(form) == before
