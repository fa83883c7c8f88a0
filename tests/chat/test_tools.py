"""Tools in a chat: function tools, the service's tools, and what a response reports of them."""

from __future__ import annotations

import json

import pytest

from xai_vision import InvalidRequestError
from xai_vision.chat import (
    required_tool,
    tool,
    tool_result,
    user,
)
from xai_vision.proto import chat_pb2
from xai_vision.testing import Reply
from xai_vision.tools import get_tool_call_type, web_search, x_search


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"12 C in {city}"


def test_function_tool(client, server):
    server.on().replies(Reply.tool_call("weather", city="Oslo"), "12 C")
    chat = client.chat.create("grok-4", tools=[tool(weather)], tool_choice=required_tool("weather"))
    response = chat.append(user("Weather?")).sample()
    (call,) = response.tool_calls
    assert response.finish_reason == "REASON_TOOL_CALLS"
    assert get_tool_call_type(call) == "client_side_tool"
    result = weather(**json.loads(call.function.arguments))
    chat.append(response).append(tool_result(result, call.id))
    assert chat.sample().content == "12 C"
    sent = server.calls.last.request.messages
    assert sent[1].tool_calls[0].id == sent[2].tool_call_id == call.id


TOOL_FORMATS = [
    [web_search(enable_image_understanding=True)],
    [{"type": "web_search", "web_search": {"enable_image_understanding": True}}],
    [{"type": "web_search", "enable_image_understanding": True}],
]


@pytest.mark.parametrize("tools", TOOL_FORMATS)
@pytest.mark.parametrize("where", ["create", "sample", "stream"])
def test_response_reports_view_image(client, server, tools, where):
    if where == "create":
        response = client.chat.create("grok-4", tools=tools).append(user("Find it")).sample()
    else:
        chat = client.chat.create("grok-4").append(user("Find it"))
        response = (
            chat.sample(tools=tools)
            if where == "sample"
            else [r for r, _ in chat.stream(tools=tools)][-1]
        )
        assert len(chat.proto.tools) == 0, "the tools of a call apply to that call only"
    assert server.calls.last.request.tools[0].web_search.enable_image_understanding
    assert response.server_side_tool_usage["SERVER_SIDE_TOOL_VIEW_IMAGE"] >= 1
    assert "view_image" in {call.function.name for call in response.tool_calls}
    assert response.content
    assert response.citations


def test_tools_of_a_call_replace_those_of_the_chat(client, server):
    chat = client.chat.create("grok-4", tools=[web_search(), x_search()]).append(user("Hi"))
    chat.sample(tools=[x_search()])
    chat.sample(tools=[])
    chat.sample()
    assert [len(call.request.tools) for call in server.calls] == [1, 0, 2]


@pytest.mark.parametrize(
    "tools", [[{"type": "web_search", "enable_image_understandin": True}], [{"type": "websearch"}]]
)
def test_misspelled_tool(client, server, tools):
    chat = client.chat.create("grok-4").append(user("Hi"))
    for call in (lambda: chat.sample(tools=tools), lambda: client.chat.create("m", tools=tools)):
        with pytest.raises(InvalidRequestError, match=r"tools\[0\].*(understandin|websearch)"):
            call()
    assert len(server.calls) == 0


def test_tool_outputs_and_citations(client):
    response = (
        client.chat.create(
            "grok-4",
            tools=[web_search()],
            include=["web_search_call_output", "inline_citations"],
        )
        .append(user("Search"))
        .sample()
    )
    assert response.tool_outputs
    assert response.inline_citations
    chat = client.chat.create("grok-4").append(user("Search")).append(response)
    tool_turns = [m.proto for m in chat.messages if m.role == chat_pb2.ROLE_TOOL]
    assert tool_turns
    assert all(turn.tool_call_id == turn.tool_calls[0].id for turn in tool_turns)
