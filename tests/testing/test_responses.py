"""Default answers: tools, agents, schemas, cuts, reasoning; deferred, stored, compacted."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import picture, said
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
OTHERS = [
    Tool(code_execution=chat_pb2.CodeExecution()),
    Tool(collections_search=chat_pb2.CollectionsSearch(collection_ids=["c1"])),
    Tool(mcp=chat_pb2.MCP(server_url="https://m.x", server_label="docs")),
    Tool(attachment_search=chat_pb2.AttachmentSearch()),
    Tool(image_generation=chat_pb2.ImageGeneration()),
]


def last(answer):
    return answer.outputs[-1]


@pytest.mark.parametrize(
    "choice",
    [
        chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_REQUIRED),
        chat_pb2.ToolChoice(function_name="get_weather"),
    ],
)
def test_a_function_that_must_be_called(ask, choice):
    answer = ask("Hi", tools=[WEATHER], tool_choice=choice)
    (call,) = answer.outputs[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    assert call.type == chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL
    assert answer.outputs[0].finish_reason == sample_pb2.REASON_TOOL_CALLS


def test_a_function_is_called_when_it_is_spoken_of(ask):
    assert ask("How's the weather?", tools=[WEATHER]).outputs[0].message.tool_calls
    assert not ask("How are you?", tools=[WEATHER]).outputs[0].message.tool_calls
    never = chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_NONE)
    assert not ask("The weather?", tools=[WEATHER], tool_choice=never).outputs[0].message.tool_calls


def test_results_are_answered_with(ask):
    call = ask("The weather?", tools=[WEATHER]).outputs[0].message
    turns = [
        said("The weather?"),
        chat_pb2.Message(role=2, tool_calls=call.tool_calls),
        said("12 C", role=chat_pb2.ROLE_TOOL),
    ]
    assert 'Tool result 1: "12 C"' in ask.text(messages=turns, tools=[WEATHER])


def test_an_agent_looks_at_pictures(server, ask):
    answer = ask("Where?", picture(jpeg()), tools=[WEB])
    names = [c.function.name for o in answer.outputs for c in o.message.tool_calls]
    assert names == ["web_search", "image_search", "view_image"]
    assert [o.index for o in answer.outputs] == [0, 1, 2, 3]
    assert {o.message.role for o in answer.outputs} == {chat_pb2.ROLE_ASSISTANT}
    assert "Image 1" in last(answer).message.content
    assert list(answer.usage.server_side_tools_used) == [
        usage_pb2.SERVER_SIDE_TOOL_WEB_SEARCH,
        usage_pb2.SERVER_SIDE_TOOL_IMAGE_SEARCH,
        usage_pb2.SERVER_SIDE_TOOL_VIEW_IMAGE,
    ]
    assert list(answer.citations) == ["https://e.x/found"]
    assert answer.usage.num_sources_used == 1
    plain = ask("Where?", picture(jpeg())).usage.prompt_image_tokens
    assert answer.usage.prompt_image_tokens == plain + server.settings.viewed_tokens
    server.urls["https://e.x/found.png"] = png(448, 448)
    again = ask("Where?", picture(jpeg()), tools=[WEB])
    assert again.usage.prompt_image_tokens == plain + 2 * 256


def test_tool_results_come_only_when_asked_for(ask):
    answer = ask(
        "Where?",
        tools=[WEB, X],
        include=[chat_pb2.INCLUDE_OPTION_X_SEARCH_CALL_OUTPUT],
    )
    results = [o for o in answer.outputs if o.message.role == chat_pb2.ROLE_TOOL]
    assert [o.message.tool_calls[0].function.name for o in results] == [
        "x_keyword_search",
        "view_x_video",
    ]
    assert all(o.message.content for o in results)
    assert [o.index for o in answer.outputs] == list(range(len(answer.outputs)))


@pytest.mark.parametrize("tool", OTHERS, ids=lambda tool: tool.WhichOneof("tool"))
def test_every_tool_of_the_server(ask, tool):
    answer = ask("Something", tools=[tool], include=range(1, 10))
    assert answer.outputs[0].message.tool_calls
    assert answer.outputs[1].message.role == chat_pb2.ROLE_TOOL
    assert len(answer.usage.server_side_tools_used) == 1


def test_max_turns_and_no_tools(ask):
    assert len(ask("Where?", tools=[WEB], max_turns=1).outputs) == 2
    never = chat_pb2.ToolChoice(mode=chat_pb2.TOOL_MODE_NONE)
    assert len(ask("Where?", tools=[WEB], tool_choice=never).outputs) == 1


def test_an_agents_stream_folds_to_its_answer(ask):
    fields = {"tools": [WEB, X], "include": range(1, 10), "use_encrypted_content": True}
    whole = ask("Where?", **fields)
    text, calls, roles = {}, {}, {}
    for chunk in ask.stream("Where?", **fields):
        for part in chunk.outputs:
            text[part.index] = text.get(part.index, "") + part.delta.content
            calls.setdefault(part.index, []).extend(c.function.name for c in part.delta.tool_calls)
            roles[part.index] = part.delta.role
    for output in whole.outputs:
        assert text[output.index] == output.message.content
        assert roles[output.index] == output.message.role
        assert calls[output.index] == [c.function.name for c in output.message.tool_calls]


def test_inline_citations(ask):
    answer = ask("Where?", tools=[WEB, X], include=[chat_pb2.INCLUDE_OPTION_INLINE_CITATIONS])
    message = last(answer).message
    web, x = message.citations
    assert message.content[web.start_index : web.end_index] == "[[1]](https://e.x/found)"
    assert web.web_citation.url == "https://e.x/found"
    assert x.x_citation.url.startswith("https://x.com/")
    assert not last(ask("Where?", tools=[WEB])).message.citations


def test_the_older_search(ask):
    search = chat_pb2.SearchParameters(
        mode=chat_pb2.ON_SEARCH_MODE,
        return_citations=True,
        max_search_results=1,
        sources=[chat_pb2.Source(x=chat_pb2.XSource()), chat_pb2.Source()],
    )
    answer = ask("Where?", search_parameters=search)
    assert list(answer.citations) == ["https://example.com/x"]
    assert answer.usage.num_sources_used == 1
    search.mode = chat_pb2.OFF_SEARCH_MODE
    assert not ask("Where?", search_parameters=search).citations


def test_json(ask):
    schema = json.dumps({"type": "object", "properties": {"animal": {"enum": ["cat"]}}})
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=schema)
    assert json.loads(ask.text("What?", response_format=form)) == {"animal": "cat"}
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_OBJECT)
    assert "You asked" in json.loads(ask.text("What?", response_format=form))["answer"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ('{"const":"\\ud800"}', "The schema contains a lone surrogate, '\\ud800'"),
        ('{"enum":["\\udfff"]}', "The schema contains a lone surrogate, '\\udfff'"),
        ('{"properties":{"\\ud800":{}}}', "The schema contains a lone surrogate"),
        ('{"type":"string","pattern":"(?\\ud800)"}', "The schema contains a lone surrogate"),
        ("[" * 5000 + "]" * 5000, "is nested too deeply to be read"),
    ],
)
def test_an_odd_schema_is_the_callers_mistake(server, ask, schema, words):
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=schema)
    code, details = ask.refusal("What?", response_format=form)
    assert code == "INVALID_ARGUMENT"
    assert words in details
    tool = chat_pb2.Tool(function=chat_pb2.Function(name="weather", parameters=schema))
    code, details = ask.refusal("The weather?", tools=[tool])
    assert code == "INVALID_ARGUMENT"
    assert words in details
    assert not server.problems()


@pytest.mark.parametrize("of", ["enum", "const"])
def test_a_schema_of_any_depth(server, ask, of):
    """As deep as can be read at one place, though not at the next, where more calls are open."""
    statuses = set()
    for depth in range(780, 1000, 3):
        schema = f'{{"{of}":{"[" * depth}{"]" * depth}}}'
        form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=schema)
        try:
            statuses.add(ask("What?", response_format=form) and "OK")
        except grpc.RpcError as error:
            statuses.add(error.code().name)
    assert statuses == {"OK", "INVALID_ARGUMENT"}
    assert not server.problems()


def test_several_answers(ask):
    answer = ask("Hi", n=3)
    assert [o.index for o in answer.outputs] == [0, 1, 2]
    assert len({o.message.content for o in answer.outputs}) == 3
    folded = {}
    order = []
    for chunk in ask.stream("Hi", n=3):
        for part in chunk.outputs:
            folded[part.index] = folded.get(part.index, "") + part.delta.content
            order.append(part.index)
    assert folded == {o.index: o.message.content for o in answer.outputs}
    assert order[:6] == [0, 1, 2, 0, 1, 2]


def test_cut_by_tokens_and_by_words(ask):
    answer = ask("Hi", max_tokens=3)
    assert answer.usage.completion_tokens == 3
    assert last(answer).finish_reason == sample_pb2.REASON_MAX_LEN
    stopped = ask("Hi", stop=["picture", "asked"])
    assert last(stopped).message.content == "You "
    assert last(stopped).finish_reason == sample_pb2.REASON_STOP


def test_logprobs(ask):
    answer = ask("Hi", logprobs=True, top_logprobs=2)
    entries = last(answer).logprobs.content
    assert "".join(e.token for e in entries) == last(answer).message.content
    assert all(e.logprob <= 0 and len(e.top_logprobs) == 2 for e in entries)
    streamed = [
        e.token
        for chunk in ask.stream("Hi", logprobs=True)
        for part in chunk.outputs
        for e in part.logprobs.content
    ]
    assert streamed == [e.token for e in entries]


def test_reasoning(ask):
    answer = ask("Hi", reasoning_effort=chat_pb2.EFFORT_HIGH, use_encrypted_content=True)
    assert "1 messages" in last(answer).message.reasoning_content
    assert last(answer).message.encrypted_content
    assert answer.usage.reasoning_tokens > 0
    assert answer.settings.reasoning_effort == chat_pb2.EFFORT_HIGH
    assert not last(ask("Hi")).message.reasoning_content


def test_too_long(ask):
    status, words = ask.refusal("word " * 140_000, model="grok-3")
    assert status == "INVALID_ARGUMENT"
    assert "maximum prompt length is 131072" in words
