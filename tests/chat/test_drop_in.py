"""Forms that programs for xai_sdk use, and what they give there."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from pydantic import BaseModel

from tests.chat.test_accumulator import replies
from tests.sample_images import jpeg, png
from xai_vision.chat import (
    BaseChat,
    BaseClient,
    Chunk,
    ProtoDecorator,
    Response,
    file,
    image,
    tool,
    tool_result,
    user,
)
from xai_vision.errors import ImageError, InvalidRequestError, StructuredOutputError
from xai_vision.proto import chat_pb2, collections_pb2, documents_pb2, image_pb2, sample_pb2
from xai_vision.testing import FunctionCall, Reply


def test_forms_of_file():
    assert file(data=b"x").file.data == b"x"
    assert file(data=b"x").file.filename == ""
    part = file(url="https://e.x/a.pdf", filename="a.pdf", mime_type="application/pdf").file
    assert (part.url, part.filename, part.mime_type) == (
        "https://e.x/a.pdf",
        "a.pdf",
        "application/pdf",
    )
    with pytest.raises(InvalidRequestError, match="An uploaded file has its own"):
        file("file-1", filename="a.pdf")


def test_choices_of_a_chunk():
    chunk = Chunk(
        chat_pb2.GetChatCompletionChunk(
            outputs=[
                {
                    "index": 1,
                    "delta": {
                        "role": "ROLE_ASSISTANT",
                        "content": "a",
                        "reasoning_content": "b",
                        "tool_calls": [{"id": "1"}],
                    },
                    "finish_reason": "REASON_STOP",
                },
                {"delta": {"role": "ROLE_TOOL", "content": "c", "tool_calls": [{"id": "2"}]}},
            ]
        )
    )
    choice = chunk.choices[0]
    assert (choice.content, choice.reasoning_content, choice.index) == ("a", "b", 1)
    assert choice.role == "ROLE_ASSISTANT"
    assert choice.finish_reason == sample_pb2.REASON_STOP
    assert [call.id for call in choice.tool_calls] == ["1"]
    assert choice.proto is not None
    assert [call.id for call in chunk.tool_outputs[0].tool_calls] == ["2"]


def test_appending_one_turn_of_a_response_appends_all_tool_calls(client):
    reply = chat_pb2.GetChatCompletionResponse(
        outputs=[
            {"message": {"role": "ROLE_ASSISTANT", "tool_calls": [{"id": "1"}]}},
            {"index": 1, "message": {"role": "ROLE_TOOL", "tool_calls": [{"id": "1"}]}},
            {"index": 2, "message": {"role": "ROLE_ASSISTANT", "content": "done"}},
        ]
    )
    chat = client.chat.create("grok-4").append(Response(reply, 2))
    (message,) = chat.messages
    assert message.content[0].text == "done"
    assert [call.id for call in message.tool_calls] == ["1"]
    chat = client.chat.create("grok-4").append(Response(reply, 1))
    assert chat.messages[0].tool_call_id == "1"


def test_responses_of_a_batch_keep_their_own_tool_calls(client, server):
    weather = tool("weather", "The weather", {"type": "object"})
    server.on().reply(Reply(tool_calls=[FunctionCall("weather")]))
    responses = client.chat.create("grok-4", tools=[weather]).append(user("Hi")).sample_batch(2)
    chat = client.chat.create("grok-4").append(responses[1])
    assert len(chat.messages[0].tool_calls) == 1


EMPTY = [
    {"outputs": [{}]},
    {"id": "r", "model": "grok-4", "outputs": [{}]},
    {"outputs": [{"message": {"role": "ROLE_ASSISTANT"}}], "usage": {"prompt_tokens": 1}},
]


@pytest.mark.parametrize("fields", EMPTY)
def test_a_response_created_with_an_empty_output_takes_chunks(fields):
    response = Response(response=chat_pb2.GetChatCompletionResponse(**fields), index=0)
    response.process_chunk(
        chat_pb2.GetChatCompletionChunk(id="r", outputs=[{"delta": {"content": "text"}}])
    )
    assert (response.content, response.id) == ("text", "r")
    assert response.usage.prompt_tokens == (1 if "usage" in fields else 0)


@given(replies())
def test_chunks_continue_a_reply(reply):
    response = Response(reply)
    response.process_chunk(chat_pb2.GetChatCompletionChunk())
    assert response.proto == reply
    assert response.proto is not reply


def test_chunks_extend_the_texts_of_a_reply():
    reply = chat_pb2.GetChatCompletionResponse(
        id="r",
        outputs=[{"message": {"content": "one ", "tool_calls": [{"id": "1"}]}}],
        citations=["https://e.x/a"],
    )
    response = Response(reply, 0)
    response.process_chunk(
        chat_pb2.GetChatCompletionChunk(
            id="other",
            outputs=[
                {
                    "delta": {"content": "two", "tool_calls": [{"id": "2"}]},
                    "finish_reason": "REASON_STOP",
                }
            ],
            citations=["https://e.x/a", "https://e.x/b"],
        )
    )
    assert (response.id, response.content, response.finish_reason) == (
        "r",
        "one two",
        "REASON_STOP",
    )
    assert [call.id for call in response.tool_calls] == ["1", "2"]
    assert list(response.citations) == ["https://e.x/a", "https://e.x/b"]
    assert reply.outputs[0].message.content == "one "


def test_modules_of_messages_are_attributes_of_the_package():
    code = """
        import sys
        import xai_vision.proto as protos
        assert "xai_vision.proto.chat_pb2" not in sys.modules
        print(protos.chat_pb2.Message().role, protos.models_pb2_grpc.__name__)
        try:
            protos.zzz_pb2
        except AttributeError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "0 xai_vision.proto.models_pb2_grpc",
        "module 'xai_vision.proto' has no attribute 'zzz_pb2'",
    ]


@pytest.mark.parametrize("form", ["bytes", "path", "file"])
def test_images_need_no_wrapper(client, server, tmp_path, form):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    with path.open("rb") as opened:
        parts = {"bytes": jpeg(), "path": path, "file": opened}
        message = user("What is it?", parts[form])
        client.chat.create("grok-4").append(message).sample()
    assert [sent.format for sent in server.calls.last.images] == ["JPEG"]
    with pytest.raises(ImageError, match=r"user\(\) argument 2: .*unrecognized image data"):
        user("x", b"no image")


def test_printing_a_message_shows_no_image_data():
    message = user("x", image(png()))
    before = str(message)
    assert message.proto.content
    assert str(message) == repr(message)
    assert len(str(message)) < 200
    assert before.startswith("user('x', ")


class Weather(BaseModel):
    city: str


@pytest.mark.parametrize("how", ["chat", "call"])
def test_parse_when_the_model_calls_a_tool(client, server, how):
    stock = tool("stock", "The stock", {"type": "object"})
    server.on().replies(Reply(tool_calls=[FunctionCall("stock")]), Reply('{"city": "Oslo"}'))
    chat = client.chat.create("grok-4", tools=[stock] if how == "chat" else None)
    chat.append(user("Hi"))
    with pytest.raises(StructuredOutputError, match="the model calls 'stock'") as caught:
        chat.parse(Weather, tools=None if how == "chat" else [stock])
    assert "append the response (error.response) and tool_result(...)" in str(caught.value)
    response = caught.value.response
    chat.append(response).append(tool_result("7", response.tool_calls[0].id))
    assert chat.parse(Weather)[1] == Weather(city="Oslo")


def test_parse_of_a_response_with_text_and_a_tool_call(client, server):
    stock = tool("stock", "The stock", {"type": "object"})
    server.on().reply(Reply("Let me look that up.", tool_calls=[FunctionCall("stock")]))
    chat = client.chat.create("grok-4", tools=[stock]).append(user("Hi"))
    with pytest.raises(StructuredOutputError, match="the model calls 'stock'") as caught:
        chat.parse(Weather)
    assert caught.value.text == "Let me look that up."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("REASON_STOP", r"no text \(finish reason REASON_STOP\)$"),
        ("REASON_MAX_LEN", "no text .*It was cut short. Raise max_tokens"),
    ],
)
def test_parse_of_a_response_without_text(reason, words):
    from xai_vision.chat._request.structured_output import OutputType

    reply = chat_pb2.GetChatCompletionResponse(
        outputs=[{"message": {"role": "ROLE_ASSISTANT"}, "finish_reason": reason}]
    )
    with pytest.raises(StructuredOutputError, match=words):
        OutputType(Weather).parse(Response(reply))


@pytest.mark.peer
def test_names_of_the_module_chat():
    import xai_sdk.chat

    import xai_vision.chat

    names = (
        "AgentCountMap BaseChat BaseClient ChatModel CompletionOutputChunk Guideline "
        "GuidelineBehaviorMap ProtoDecorator "
        "GuidelineCategoryMap ImageGenerationOutput IncludeOptionMap SearchParameters ServiceTier "
        "image_pb2 sample_pb2 chat_pb2 usage_pb2"
    )
    for name in names.split():
        theirs, ours = getattr(xai_sdk.chat, name), getattr(xai_vision.chat, name)
        if name.endswith("Map"):
            assert ours.items() >= theirs.items(), name


def test_the_base_classes_of_xai_sdk(client):
    chat = client.chat.create("grok-4")
    assert isinstance(chat, BaseChat)
    assert isinstance(client.chat, BaseClient)
    message = chat_pb2.Message(name="n")
    assert ProtoDecorator(message).proto is message
    assert repr(ProtoDecorator(message)) == str(message)
    assert ProtoDecorator(message) == ProtoDecorator(chat_pb2.Message(name="n"))
    assert ProtoDecorator(message) != ProtoDecorator(chat_pb2.Message(name="m"))
    assert isinstance(Response(chat_pb2.GetChatCompletionResponse()), ProtoDecorator)
    assert isinstance(Chunk(chat_pb2.GetChatCompletionChunk()), ProtoDecorator)


@pytest.mark.parametrize(
    "message",
    [
        image_pb2.ImageResponse(images=[image_pb2.GeneratedImage(base64="A" * 5000)]),
        documents_pb2.DocumentsSource(collection_ids=["short", "A" * 5000]),
        collections_pb2.DocumentMetadata(fields={"long": "A" * 5000}),
        collections_pb2.UpdateDocumentRequest(data=b"A" * 5000),
    ],
    ids=["string", "list", "map", "bytes"],
)
def test_the_repr_of_a_wrapper_shortens_long_values(message):
    before = message.SerializeToString(deterministic=True)
    text = repr(ProtoDecorator(message))
    assert "A" * 100 + "... (5000 in all)" in text
    assert len(text) < 250
    assert message.SerializeToString(deterministic=True) == before
