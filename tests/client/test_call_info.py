"""The facts of a successful call, per-call metadata, and clients with other defaults."""

from __future__ import annotations

import pickle

import pytest

from tests.client.drivers import FAST_RETRIES, SHAPES, get_response
from tests.sample_images import MIB, jpeg_of
from xai_vision import AsyncClient, Client, ConfigurationError, RetryPolicy
from xai_vision._client_services import SERVICES
from xai_vision.chat import Response, image, user
from xai_vision.errors import InvalidRequestError, RequestTimeoutError, UnavailableError
from xai_vision.proto import chat_pb2
from xai_vision.testing import Fault, Reply


@SHAPES
def test_attempts_and_request_id(driver, server, shape):
    server.on().replies(Fault.unavailable(), Reply("answer"))
    response = get_response(driver, shape)
    assert response.attempts == 2
    assert response.request_id
    assert response.request_id == dict(response.initial_metadata()).get(
        "x-request-id", dict(response.trailing_metadata()).get("x-request-id")
    )


def test_a_large_request_has_them_too(driver):
    response = driver.sample(image(jpeg_of(2 * MIB)))
    assert response.attempts == 1
    assert response.request_id


def test_every_response_of_a_batch_has_them(client):
    chat = client.chat.create("grok-4").append(user("Hi"))
    first, second = chat.sample_batch(2)
    assert first.request_id == second.request_id
    assert first.request_id
    deferred = chat.defer()
    assert deferred.request_id
    stored = client.chat.create("grok-4", store_messages=True).append(user("Hi")).sample()
    assert client.chat.get_stored_completion(stored.id)[0].request_id != stored.request_id


def test_a_running_stream_has_the_initial_metadata(client, server):
    server.on().reply(Reply("a b c", chunks=3))
    stream = client.chat.create("grok-4").append(user("Hi")).stream()
    response, _ = next(stream)
    assert response.attempts == 1
    assert list(response.trailing_metadata()) == []
    list(stream)
    assert response.request_id


def test_a_response_without_a_call():
    response = Response(chat_pb2.GetChatCompletionResponse())
    assert response.request_id is None
    assert response.attempts is None
    assert list(response.initial_metadata()) == list(response.trailing_metadata()) == []


@SHAPES
def test_a_pickled_response_keeps_them(driver, shape):
    response = get_response(driver, shape)
    copied = pickle.loads(pickle.dumps(response))
    assert copied == response
    assert (copied.request_id, copied.attempts) == (response.request_id, 1)


@SHAPES
@pytest.mark.parametrize("metadata", [{"X-Trace": "7"}, [("x-trace", "7")]])
def test_metadata_of_one_call(driver, server, shape, metadata):
    get_response(driver, shape, metadata=metadata)
    assert server.calls.last.header("x-trace") == "7"
    get_response(driver, shape)
    assert server.calls.last.header("x-trace") is None


@SHAPES
@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"a b": "1"}, "metadata key 'a b' may contain only"),
        ({"authorization": "x"}, "metadata must not contain 'authorization'. Pass api_key="),
        ({"a": "\n"}, "the value of metadata key 'a' must be printable ASCII"),
        ("abc", r"metadata must be a dict or pairs \(key, value\)"),
        ([1], r"metadata must be a dict or pairs \(key, value\)"),
        ([("a", "b", "c")], r"metadata must be a dict or pairs \(key, value\)"),
        (7, "metadata must be a dict or pairs, not int"),
        ({"a-bin": "text"}, "the value of metadata key 'a-bin' must be bytes"),
    ],
)
def test_invalid_metadata_of_one_call(driver, server, shape, metadata, words):
    with pytest.raises(InvalidRequestError, match=words):
        get_response(driver, shape, metadata=metadata)
    assert len(server.calls) == 0


@SHAPES
def test_metadata_of_a_call_replaces_the_clients(kind, server, shape):
    driver = kind(api_key=server.api_key, api_host=server.target, metadata={"x-a": "1"})
    get_response(driver, shape, metadata={"x-a": "2", "x-bin": b"\x00\xff"})
    sent = [value for key, value in server.calls.last.metadata if key == "x-a"]
    assert sent == ["2"]
    assert server.calls.last.header("x-bin") == b"\x00\xff"
    driver.close()


class TenantClient(Client):
    """A client of a user, with an attribute of its own."""

    def __init__(self, key, tenant):
        super().__init__(key, api_host="localhost:1")
        self.tenant = tenant


def test_with_options_of_a_subclass_keeps_its_attributes():
    client = TenantClient("k", "acme")
    models = client.models
    derived = client.with_options(timeout=3)
    assert type(derived) is TenantClient
    assert derived.tenant == "acme"
    assert derived.models is not models
    with pytest.raises(TypeError, match=r"with_options\(\) got .* 'max_retries'; use retries="):
        client.with_options(max_retries=3)


def test_a_setting_of_the_chat_passed_to_a_call(client):
    chat = client.chat.create("grok-4").append(user("Hi"))
    with pytest.raises(TypeError, match=r"'max_tokens' .*pass it to client.chat.create"):
        chat.sample(max_tokens=5)
    with pytest.raises(TypeError, match="'timeot' for this call; did you mean 'timeout'"):
        chat.sample(timeot=5)


@pytest.mark.parametrize("messages", ["", "Hi", 0, 7])
def test_messages_of_a_wrong_type(client, messages):
    with pytest.raises(InvalidRequestError, match="messages must be a list of messages, not"):
        client.chat.create("grok-4", messages=messages)


def test_conversation_id_and_metadata_go_together(client, server):
    chat = client.chat.create("grok-4", conversation_id="c-1").append(user("Hi"))
    chat.sample(metadata={"x-trace": "7"})
    assert server.calls.last.header("x-grok-conv-id") == "c-1"
    assert server.calls.last.header("x-trace") == "7"


def test_with_options_while_another_thread_uses_a_new_service(monkeypatch):
    client = Client("k")

    class Names(tuple):
        def __contains__(self, name):
            client.models  # noqa: B018 - creates the service, as another thread may
            return super().__contains__(name)

    monkeypatch.setattr("xai_vision.client.SERVICES", Names(SERVICES))
    assert client.with_options(timeout=3)._config.timeout == 3


def test_with_options(server):
    with Client(server.api_key, api_host=server.target, metadata={"a": "1", "b": "1"}) as client:
        derived = client.with_options(
            timeout=60, retries=FAST_RETRIES, metadata={"B": "2", "c": "2"}
        )
        again = derived.with_options(retries=0)
        server.on(prompt="hang").replies(Fault.hang())
        server.on(prompt="away").replies(*[Fault.unavailable()] * 6)
        derived.chat.create("grok-4").append(user("Hi")).sample()
        headers = [server.calls.last.header(key) for key in "abc"]
        assert headers == ["1", "2", "2"]
        with pytest.raises(RequestTimeoutError, match="longer timeout="):
            derived.with_options(timeout=0.3).chat.create("grok-4").append(user("hang")).sample()
        for caller, attempts in ((derived, 5), (again, 1)):
            with pytest.raises(UnavailableError, match="Check the host") as caught:
                list(caller.chat.create("grok-4").append(user("away")).stream())
            assert caught.value.attempts == attempts
        client.chat.create("grok-4").append(user("Hi")).sample()
        assert server.calls.last.header("c") is None
        assert derived.models.list_language_models()
        assert repr(derived) == repr(client)


async def test_async_with_options(server, aclient):
    derived = aclient.with_options(metadata={"c": "2"}, retries=RetryPolicy(attempts=1))
    await derived.chat.create("grok-4").append(user("Hi")).sample()
    assert server.calls.last.header("c") == "2"
    async for _ in derived.chat.create("grok-4").append(user("Hi")).stream():
        pass
    assert server.calls.last.header("c") == "2"
    assert (await derived.chat.create("grok-4").append(user("Hi")).defer()).content
    assert server.calls.last.header("c") == "2"
    await derived.close()
    with pytest.raises(RuntimeError, match="the client is closed"):
        await aclient.chat.create("grok-4").append(user("Hi")).sample()


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": 0}, "timeout must be a finite time above 0"),
        ({"retries": -1}, "retries must be an integer of at least 0"),
        ({"metadata": {"authorization": "x"}}, "must not contain 'authorization'"),
    ],
)
def test_invalid_options(kind, options, words):
    with pytest.raises(ConfigurationError, match=words):
        kind("k").with_options(**options)
