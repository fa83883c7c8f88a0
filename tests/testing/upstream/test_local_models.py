"""The gRPC API in front of a server with OpenAI's API, here the REST API of another fake."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from tests import sample_images
from tests.rest.http_client import ask
from tests.testing.grpc_calls import chat_message, data_url, image_part, open_caller, request
from tests.testing.waiting import LIMIT, until
from xai_vision import AsyncClient, Client
from xai_vision.chat import file, image, system, user
from xai_vision.errors import NotFoundError
from xai_vision.proto import chat_pb2, deferred_pb2, files_pb2, image_pb2
from xai_vision.proto.files_pb2_grpc import FilesStub
from xai_vision.testing import FakeServer, Fault, FunctionCall, Reply, match

PHOTO = sample_images.sample("photo.jpg")


@pytest.fixture
def local():
    """Stands for Ollama: a server with OpenAI's API, and a model of its own."""
    with FakeServer(http=True, models=["llava"], unused="allow") as running:
        yield running


@pytest.fixture
def server(local):
    with FakeServer(
        upstream=f"openai:{local.http_url}",
        upstream_key=local.api_key,
        model="llava",
        unused="allow",
    ) as running:
        yield running


@pytest.fixture
def client(server):
    with Client(api_key=server.api_key, api_host=server.target) as client:
        yield client


@pytest.fixture
def caller(server):
    with open_caller(server) as caller:
        yield caller


def sdk_client(name, server):
    if name == "xai_vision":
        return Client(api_key=server.api_key, api_host=server.target)
    sdk = pytest.importorskip("xai_sdk")
    return sdk.Client(api_key=server.api_key, api_host=server.target)


def sdk_chat(name):
    return pytest.importorskip(f"{name}.chat")


BOTH = pytest.mark.parametrize(
    "sdk", ["xai_vision", pytest.param("xai_sdk", marks=pytest.mark.peer)]
)


@BOTH
def test_an_image_is_answered(server, local, sdk):
    local.on(image=PHOTO, model="llava", system="Be brief.").reply("a landscape")
    chat = sdk_chat(sdk)
    conversation = sdk_client(sdk, server).chat.create("grok-4")
    conversation.append(chat.system("Be brief."))
    conversation.append(chat.user("What is it?", chat.image(data_url(PHOTO))))
    response = conversation.sample()
    assert response.content == "a landscape"
    assert response.usage.prompt_image_tokens == local.calls.last.images[0].tokens
    assert local.calls.last.method == "POST /v1/chat/completions"
    assert server.calls.last.passed_on


@BOTH
def test_a_stream_comes_chunk_by_chunk(server, local, sdk):
    local.on().reply("one two", chunks=["one ", "two"], reasoning="I think")
    conversation = sdk_client(sdk, server).chat.create(
        "grok-4", messages=[sdk_chat(sdk).user("Hi")]
    )
    response, received = None, []
    for response, chunk in conversation.stream():
        received.append(chunk)
    assert [chunk.content for chunk in received if chunk.content] == ["one ", "two"]
    assert response.content == "one two"
    assert response.reasoning_content == "I think"
    assert response.finish_reason == "REASON_STOP"
    assert response.usage.completion_tokens
    last = received[-1].proto
    assert last.HasField("usage")
    assert last.outputs[0].finish_reason
    assert server.calls.last.response.outputs[0].message.content == "one two"


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_answered(server, local, sdk, stream):
    call = FunctionCall("stock", {"name": "red square"}, id="call-1")
    local.on(tools="stock", tool_result=match.none).reply(tool_calls=[call])
    local.on(tool_result={"stock": "3"}).reply("There are three.")
    chat = sdk_chat(sdk)
    conversation = sdk_client(sdk, server).chat.create(
        "grok-4",
        messages=[chat.user("How many red squares?")],
        tools=[chat.tool("stock", "Count", STOCK_SCHEMA)],
    )
    first = last_of(conversation, stream)
    assert first.finish_reason == "REASON_TOOL_CALLS"
    (call,) = first.tool_calls
    assert (call.id, call.function.name) == ("call-1", "stock")
    assert json.loads(call.function.arguments) == {"name": "red square"}
    conversation.append(first).append(chat.tool_result("3", tool_call_id=call.id))
    assert last_of(conversation, stream).content == "There are three."


def last_of(conversation, stream):
    if not stream:
        return conversation.sample()
    response = None
    for response, _ in conversation.stream():
        pass
    return response


STOCK_SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
}


@BOTH
def test_a_schema_is_passed_on(server, local, sdk):
    pydantic = pytest.importorskip("pydantic")

    class Receipt(pydantic.BaseModel):
        total: float

    local.on(schema=match.any).reply('{"total": 4.5}')
    conversation = sdk_client(sdk, server).chat.create(
        "grok-4", messages=[sdk_chat(sdk).user("Read the receipt.")]
    )
    _, receipt = conversation.parse(Receipt)
    assert receipt.total == 4.5
    sent = local.calls.last.body["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"]["required"] == ["total"]


async def test_the_async_client_streams(server, local):
    local.on().reply("one two", chunks=["one ", "two"])
    async with AsyncClient(api_key=server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4", messages=[user("Hi")])
        texts = [chunk.content async for _, chunk in chat.stream()]
    assert "".join(texts) == "one two"


def test_several_choices_are_several_requests(client, local):
    local.on().replies("one", "two", "three")
    chat = client.chat.create("grok-4", messages=[user("Hi")], seed=7)
    responses = chat.sample_batch(3)
    assert [response.content for response in responses] == ["one", "two", "three"]
    assert [call.body["seed"] for call in local.calls] == [7, 8, 9]


def test_several_choices_are_several_streams(caller, local):
    local.on().replies(Reply("one", chunks=1), Reply("two", chunks=1))
    texts = {0: "", 1: ""}
    for chunk in caller.stream("Hi", n=2):
        for output in chunk.outputs:
            texts[output.index] += output.delta.content
    assert texts == {0: "one", 1: "two"}


def test_conversations_continue_by_the_id_of_a_response(client, local):
    local.on(prompt="My name is Ann.").reply("Hello Ann")
    first = client.chat.create(
        "grok-4", messages=[user("My name is Ann.", image(data_url(PHOTO)))], store_messages=True
    ).sample()
    local.on(prompt="Who am I?", turn=2).reply("You are Ann")
    chat = client.chat.create("grok-4", previous_response_id=first.id)
    assert chat.append(user("Who am I?")).sample().content == "You are Ann"
    assert len(local.calls.last.images) == 1
    assert client.chat.get_stored_completion(first.id)[0].content == "Hello Ann"
    client.chat.delete_stored_completion(first.id)
    assert "Response not found" in error_of(client, previous_response_id=first.id)


def error_of(client, *messages, **options):
    with pytest.raises(Exception) as info:
        client.chat.create("grok-4", messages=[user("Hi"), *messages], **options).sample()
    return str(info.value)


def test_a_streamed_response_can_be_continued(client, local):
    local.on(prompt="Hi").reply("Hello")
    response = last_of(
        client.chat.create("grok-4", messages=[user("Hi")], store_messages=True), stream=True
    )
    local.on(turn=2).reply("again")
    chat = client.chat.create("grok-4", previous_response_id=response.id)
    assert chat.append(user("Go on")).sample().content == "again"


def test_a_deferred_response_is_ready_when_the_model_is(client, local):
    local.on().reply("later")
    response = client.chat.create("grok-4", messages=[user("Hi")]).defer()
    assert response.content == "later"


def test_a_deferred_response_that_failed_says_why(caller, local):
    local.fault(Fault.status("INTERNAL", "out of memory"))
    started = caller.chat.StartDeferredCompletion(request("Hi"), metadata=caller.metadata)
    poll = deferred_pb2.GetDeferredRequest(request_id=started.request_id)

    def status():
        try:
            return caller.chat.GetDeferredCompletion(poll, metadata=caller.metadata).status
        except Exception as error:
            return str(error)

    until(lambda: status() != deferred_pb2.PENDING)
    assert "out of memory" in status()


def test_images_by_url_and_by_file_are_inlined(client, caller, server, local):
    server.urls["https://example.com/photo.jpg"] = PHOTO
    server.files["file-photo"] = PHOTO
    local.on(image=PHOTO).reply("seen")
    by_url = client.chat.create(
        "grok-4", messages=[user("What?", image("https://example.com/photo.jpg"))]
    )
    assert by_url.sample().content == "seen"
    assert local.calls.last.images[0].source == "data"
    by_file = chat_pb2.Content(image_url=image_pb2.ImageUrlContent(file_id="file-photo"))
    assert caller.text("What?", by_file) == "seen"


def test_an_image_on_the_web_is_downloaded(client, server, local):
    generated = ask(
        server, "POST", "/images/generations", {"prompt": "a cat", "model": "grok-imagine-image"}
    ).json["data"][0]["url"]
    local.on(images=1).reply("seen")
    chat = client.chat.create("grok-4", messages=[user("What?", image(generated))])
    assert chat.sample().content == "seen"


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("http://127.0.0.1:1/a.png", "DATA_LOSS", "Fetching http://127.0.0.1:1/a.png failed"),
        ("ftp://example.com/a.png", "INVALID_ARGUMENT", "neither http(s) nor a data URL"),
    ],
)
def test_an_image_that_cannot_be_fetched(caller, local, url, status, words):
    error = caller.expect_error("What?", image_part(url))
    assert error[0] == status
    assert words in error[1]
    assert not local.calls


def test_text_files_become_text_and_other_files_are_refused(client, server, local):
    uploaded = client.files.upload(b"the secret word is plum", filename="notes.txt")
    local.on(prompt=match.contains("plum")).reply("plum")
    chat = client.chat.create("grok-4", messages=[user("Which word?", file(uploaded.id))])
    assert chat.sample().content == "plum"
    server.files["file-pdf"] = b"%PDF-1.7\xff"
    with pytest.raises(Exception, match="neither text nor an image"):
        client.chat.create("grok-4", messages=[user("?", file("file-pdf"))]).sample()


def test_other_services_are_those_of_the_fake_server(caller, server, local):
    chunk = files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.txt"))
    file = FilesStub(caller.channel).UploadFile(iter([chunk]), metadata=caller.metadata)
    assert file.id in server.files
    assert not local.calls


def test_the_requests_of_a_batch_are_answered_by_the_model(client, server, local):
    local.on(prompt="in a batch").reply("by the model")
    server.batches(ready_after=0)
    batch = client.batch.create("b")
    chat = client.chat.create("grok-4", messages=[user("in a batch")], batch_request_id="1")
    client.batch.add(batch.batch_id, [chat])
    results = [
        result.response.content
        for result in client.batch.list_batch_results(batch.batch_id).results
    ]
    assert results == ["by the model"]


def test_models_are_those_of_the_server(client, local):
    names = {model.name for model in client.models.list_language_models()}
    assert "llava" in names
    model = client.models.get_language_model("grok-4")
    assert (model.name, model.aliases) == ("llava", ["grok-4"])


def test_a_model_of_the_server_may_have_several_names(local):
    with (
        FakeServer(upstream=f"openai:{local.http_url}", upstream_key=local.api_key) as server,
        Client(api_key=server.api_key, api_host=server.target) as client,
    ):
        assert client.models.get_language_model("llava").name == "llava"
        assert (
            client.models.get_language_model("grok-4").name == local.models.resolve("grok-4").name
        )
        with pytest.raises(NotFoundError, match="answered 404"):
            client.models.get_language_model("grok-99")


def test_settings_without_a_meaning_for_the_server_are_left_out(client, local):
    local.on().reply("ok")
    chat = client.chat.create(
        "grok-4",
        messages=[system("Be brief."), user("Hi")],
        temperature=0.5,
        max_tokens=99,
        store_messages=True,
        user="ann",
        reasoning_effort="high",
        use_encrypted_content=True,
    )
    assert chat.sample().content == "ok"
    body = local.calls.last.body
    messages = body.pop("messages")
    assert [message["role"] for message in messages] == ["system", "user"]
    assert body == {
        "model": "llava",
        "temperature": 0.5,
        "max_tokens": 99,
        "reasoning_effort": "high",
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tools": [chat_pb2.Tool(web_search=chat_pb2.WebSearch())]}, "The tool web_search runs"),
        (
            {"search_parameters": chat_pb2.SearchParameters(mode=chat_pb2.ON_SEARCH_MODE)},
            "cannot search",
        ),
    ],
    ids=["tool", "search"],
)
def test_what_only_xai_has_is_refused_before_the_server_is_asked(caller, local, fields, words):
    status, details = caller.expect_error("Hi", **fields)
    assert status == "UNIMPLEMENTED"
    assert words in details
    assert not local.calls


def test_a_conversation_cannot_be_compacted(client, local):
    with pytest.raises(Exception, match="cannot compact a conversation"):
        client.chat.compact_context("grok-4", [user("Hi")])


def test_a_developer_message_becomes_a_system_message(caller, local):
    local.on(system="Be brief.").reply("ok")
    messages = [chat_message("Be brief.", role=chat_pb2.ROLE_DEVELOPER), chat_message("Hi")]
    assert caller.text(messages=messages) == "ok"
    assert local.calls.last.body["messages"][0]["role"] == "system"


@pytest.mark.parametrize("stream", [False, True])
def test_a_cancelled_call_ends_the_request_of_the_server(caller, local, stream):
    local.fault(Fault.hang())
    method = caller.chat.GetCompletionChunk if stream else caller.chat.GetCompletion.future
    call = method(request("Hi"), metadata=caller.metadata, timeout=LIMIT)
    assert local.calls.wait_for(1, timeout=LIMIT)
    call.cancel()
    assert local.calls.last.wait_cancelled(LIMIT)


def test_rules_and_faults_stay_in_front(server, local, caller):
    server.on(prompt="local").reply("from the rule")
    assert caller.text("local") == "from the rule"
    server.fault(Fault.status("UNAVAILABLE", "injected"), next=1)
    assert caller.expect_error("Hi") == ("UNAVAILABLE", "injected")
    assert not local.calls


def test_the_rest_api_is_in_front_of_the_server_too(server, local):
    local.on().reply("one two", chunks=["one ", "two"])
    body = {"model": "grok-4", "input": "Hi"}
    output = ask(server, "POST", "/responses", body).json["output"]
    assert output[-1]["content"][0]["text"] == "one two"
    events = ask(server, "POST", "/responses", {**body, "stream": True}).events
    assert events[-2]["type"] == "response.completed"


def test_a_key_of_a_client_is_checked(server):
    with open_caller(server, "xai-some-other-key") as caller:
        assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
