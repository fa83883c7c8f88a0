"""Default replies: tools, agents, schemas, truncation, log probabilities and reasoning."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import chat_message, image_part
from xai_vision.proto import chat_pb2, sample_pb2, usage_pb2
from xai_vision.proto.chat_pb2 import Tool

WEATHER = Tool(
    function=chat_pb2.Function(
        name="get_weather",
        parameters=json.dumps(
            {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        ),
    )
)
WEB = Tool(
    web_search=chat_pb2.WebSearch(
        enable_image_understanding=True, enable_image_search=True, allowed_domains=["e.x"]
    )
)
X = Tool(
    x_search=chat_pb2.XSearch(enable_image_understanding=True, enable_video_understanding=True)
)
OTHER_TOOLS = [
    Tool(code_execution=chat_pb2.CodeExecution()),
    Tool(collections_search=chat_pb2.CollectionsSearch(collection_ids=["c1"])),
    Tool(mcp=chat_pb2.MCP(server_url="https://m.x", server_label="docs")),
    Tool(attachment_search=chat_pb2.AttachmentSearch()),
    Tool(image_generation=chat_pb2.ImageGeneration()),
]


def last(response):
    return response.outputs[-1]


@pytest.mark.parametrize(
    "choice",
    [
        chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_REQUIRED),
        chat_pb2.ToolChoice(function_name="get_weather"),
    ],
)
def test_a_required_function_is_called(caller, choice):
    response = caller.sample("Hi", tools=[WEATHER], tool_choice=choice)
    (call,) = response.outputs[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    assert call.type == chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL
    assert response.outputs[0].finish_reason == sample_pb2.REASON_TOOL_CALLS


def test_a_function_is_called_if_the_prompt_mentions_it(caller):
    assert caller.sample("How's the weather?", tools=[WEATHER]).outputs[0].message.tool_calls
    assert not caller.sample("How are you?", tools=[WEATHER]).outputs[0].message.tool_calls
    never = chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_NONE)
    assert (
        not caller.sample("The weather?", tools=[WEATHER], tool_choice=never)
        .outputs[0]
        .message.tool_calls
    )


def test_the_reply_quotes_tool_results(caller):
    call = caller.sample("The weather?", tools=[WEATHER]).outputs[0].message
    turns = [
        chat_message("The weather?"),
        chat_pb2.Message(role=2, tool_calls=call.tool_calls),
        chat_message("12 C", role=chat_pb2.ROLE_TOOL),
    ]
    assert 'Tool result 1: "12 C"' in caller.text(messages=turns, tools=[WEATHER])


def test_an_agent_views_images(server, caller):
    response = caller.sample("Where?", image_part(jpeg()), tools=[WEB])
    names = [c.function.name for o in response.outputs for c in o.message.tool_calls]
    assert names == ["web_search", "image_search", "view_image"]
    assert [o.index for o in response.outputs] == [0, 1, 2, 3]
    assert {o.message.role for o in response.outputs} == {chat_pb2.ROLE_ASSISTANT}
    assert "Image 1" in last(response).message.content
    assert list(response.usage.server_side_tools_used) == [
        usage_pb2.SERVER_SIDE_TOOL_WEB_SEARCH,
        usage_pb2.SERVER_SIDE_TOOL_IMAGE_SEARCH,
        usage_pb2.SERVER_SIDE_TOOL_VIEW_IMAGE,
    ]
    assert list(response.citations) == ["https://e.x/found"]
    assert response.usage.num_sources_used == 1
    plain = caller.sample("Where?", image_part(jpeg())).usage.prompt_image_tokens
    assert response.usage.prompt_image_tokens == plain + server.settings.viewed_tokens
    server.urls["https://e.x/found.png"] = png(448, 448)
    again = caller.sample("Where?", image_part(jpeg()), tools=[WEB])
    assert again.usage.prompt_image_tokens == plain + 2 * 256


def test_tool_results_are_returned_on_request(caller):
    response = caller.sample(
        "Where?",
        tools=[WEB, X],
        include=[chat_pb2.INCLUDE_OPTION_X_SEARCH_CALL_OUTPUT],
    )
    results = [o for o in response.outputs if o.message.role == chat_pb2.ROLE_TOOL]
    assert [o.message.tool_calls[0].function.name for o in results] == [
        "x_keyword_search",
        "view_x_video",
    ]
    assert all(o.message.content for o in results)
    assert [o.index for o in response.outputs] == list(range(len(response.outputs)))


@pytest.mark.parametrize("tool", OTHER_TOOLS, ids=lambda tool: tool.WhichOneof("tool"))
def test_every_server_side_tool(caller, tool):
    response = caller.sample("Something", tools=[tool], include=range(1, 10))
    assert response.outputs[0].message.tool_calls
    assert response.outputs[1].message.role == chat_pb2.ROLE_TOOL
    assert len(response.usage.server_side_tools_used) == 1


def test_max_turns_and_no_tools(caller):
    assert len(caller.sample("Where?", tools=[WEB], max_turns=1).outputs) == 2
    never = chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_NONE)
    assert len(caller.sample("Where?", tools=[WEB], tool_choice=never).outputs) == 1


def test_an_agents_stream_has_the_same_content_as_its_response(caller):
    fields = {"tools": [WEB, X], "include": range(1, 10), "use_encrypted_content": True}
    response = caller.sample("Where?", **fields)
    text, calls, roles = {}, {}, {}
    for chunk in caller.stream("Where?", **fields):
        for part in chunk.outputs:
            text[part.index] = text.get(part.index, "") + part.delta.content
            calls.setdefault(part.index, []).extend(c.function.name for c in part.delta.tool_calls)
            roles[part.index] = part.delta.role
    for output in response.outputs:
        assert text[output.index] == output.message.content
        assert roles[output.index] == output.message.role
        assert calls[output.index] == [c.function.name for c in output.message.tool_calls]


def test_inline_citations(caller):
    response = caller.sample(
        "Where?", tools=[WEB, X], include=[chat_pb2.INCLUDE_OPTION_INLINE_CITATIONS]
    )
    message = last(response).message
    web, x = message.citations
    assert message.content[web.start_index : web.end_index] == "[[1]](https://e.x/found)"
    assert web.web_citation.url == "https://e.x/found"
    assert x.x_citation.url.startswith("https://x.com/")
    assert not last(caller.sample("Where?", tools=[WEB])).message.citations


def test_search_parameters(caller):
    search = chat_pb2.SearchParameters(
        mode=chat_pb2.ON_SEARCH_MODE,
        return_citations=True,
        max_search_results=1,
        sources=[chat_pb2.Source(x=chat_pb2.XSource()), chat_pb2.Source()],
    )
    response = caller.sample("Where?", search_parameters=search)
    assert list(response.citations) == ["https://example.com/x"]
    assert response.usage.num_sources_used == 1
    search.mode = chat_pb2.OFF_SEARCH_MODE
    assert not caller.sample("Where?", search_parameters=search).citations


def test_json(caller):
    schema = json.dumps({"type": "object", "properties": {"animal": {"enum": ["cat"]}}})
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=schema)
    assert json.loads(caller.text("What?", response_format=form)) == {"animal": "cat"}
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_OBJECT)
    assert "You asked" in json.loads(caller.text("What?", response_format=form))["answer"]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ('{"const":"\\ud800"}', "The schema contains a lone surrogate, '\\ud800'"),
        ('{"enum":["\\udfff"]}', "The schema contains a lone surrogate, '\\udfff'"),
        ('{"properties":{"\\ud800":{}}}', "The schema contains a lone surrogate"),
        ('{"type":"string","pattern":"(?\\ud800)"}', "The schema contains a lone surrogate"),
        ("[" * 5000 + "]" * 5000, "is nested too deeply to be read"),
    ],
)
def test_an_invalid_schema_is_rejected(server, caller, schema, message):
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=schema)
    code, details = caller.expect_error("What?", response_format=form)
    assert code == "INVALID_ARGUMENT"
    assert message in details
    tool = chat_pb2.Tool(function=chat_pb2.Function(name="weather", parameters=schema))
    code, details = caller.expect_error("The weather?", tools=[tool])
    assert code == "INVALID_ARGUMENT"
    assert message in details
    assert not server.problems()


@pytest.mark.parametrize("of", ["enum", "const"])
def test_a_schema_of_any_depth(server, caller, of):
    """Some depths can be parsed at one level of the call stack, but not at a deeper one."""
    statuses = set()
    for depth in range(780, 1000, 3):
        schema = f'{{"{of}":{"[" * depth}{"]" * depth}}}'
        form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=schema)
        try:
            statuses.add(caller.sample("What?", response_format=form) and "OK")
        except grpc.RpcError as error:
            statuses.add(error.code().name)
    assert statuses == {"OK", "INVALID_ARGUMENT"}
    assert not server.problems()


def test_several_choices(caller):
    response = caller.sample("Hi", n=3)
    assert [o.index for o in response.outputs] == [0, 1, 2]
    assert len({o.message.content for o in response.outputs}) == 3
    folded = {}
    order = []
    for chunk in caller.stream("Hi", n=3):
        for part in chunk.outputs:
            folded[part.index] = folded.get(part.index, "") + part.delta.content
            order.append(part.index)
    assert folded == {o.index: o.message.content for o in response.outputs}
    assert order[:6] == [0, 1, 2, 0, 1, 2]


def test_max_tokens_and_stop(caller):
    response = caller.sample("Hi", max_tokens=3)
    assert response.usage.completion_tokens == 3
    assert last(response).finish_reason == sample_pb2.REASON_MAX_LEN
    stopped = caller.sample("Hi", stop=["image", "asked"])
    assert last(stopped).message.content == "You "
    assert last(stopped).finish_reason == sample_pb2.REASON_STOP


def test_logprobs(caller):
    response = caller.sample("Hi", logprobs=True, top_logprobs=2)
    entries = last(response).logprobs.content
    assert "".join(e.token for e in entries) == last(response).message.content
    assert all(e.logprob <= 0 and len(e.top_logprobs) == 2 for e in entries)
    streamed = [
        e.token
        for chunk in caller.stream("Hi", logprobs=True)
        for part in chunk.outputs
        for e in part.logprobs.content
    ]
    assert streamed == [e.token for e in entries]


def test_reasoning(caller):
    response = caller.sample(
        "Hi", reasoning_effort=chat_pb2.EFFORT_HIGH, use_encrypted_content=True
    )
    assert "1 messages" in last(response).message.reasoning_content
    assert last(response).message.encrypted_content
    assert response.usage.reasoning_tokens > 0
    assert response.settings.reasoning_effort == chat_pb2.EFFORT_HIGH
    assert not last(caller.sample("Hi")).message.reasoning_content


def test_a_too_long_prompt_is_rejected(caller):
    status, details = caller.expect_error("word " * 140_000, model="grok-3")
    assert status == "INVALID_ARGUMENT"
    assert "maximum prompt length is 131072" in details
