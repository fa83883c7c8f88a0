"""client.models, client.auth and client.tokenize, over a real connection."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from datetime import timedelta

import pytest

import xai_vision
from tests.services.conftest import EMBEDDING, IMAGE_GENERATION, KEY, LANGUAGE, SLOW, TEXT_ONLY
from xai_vision.proto import auth_pb2, models_pb2, tokenize_pb2
from xai_vision.services.auth import AsyncAuthService, AuthService
from xai_vision.services.models import AsyncModelsService, ModelsService
from xai_vision.services.tokenize import AsyncTokenizeService, TokenizeService

CALLS = [
    ("models", "list_language_models", (), [LANGUAGE, TEXT_ONLY]),
    ("models", "get_language_model", ("grok-4-latest",), LANGUAGE),
    ("models", "list_embedding_models", (), [EMBEDDING]),
    ("models", "get_embedding_model", ("e",), models_pb2.EmbeddingModel(name="e")),
    ("models", "list_image_generation_models", (), [IMAGE_GENERATION]),
    ("models", "get_image_generation_model", ("d",), models_pb2.ImageGenerationModel(name="d")),
    ("auth", "get_api_key_info", (), KEY),
    (
        "tokenize",
        "tokenize_text",
        ("A", "grok-4"),
        [tokenize_pb2.Token(token_id=65, token_bytes=b"A", string_token="A")],
    ),
]
each_call = pytest.mark.parametrize(
    ("service", "method", "arguments", "reply"), CALLS, ids=[call[1] for call in CALLS]
)


@each_call
def test_sync(client, service, method, arguments, reply):
    call = getattr(getattr(client, service), method)
    assert call(*arguments) == reply
    assert call(*arguments, timeout=60) == reply
    assert call(*arguments, timeout=timedelta(seconds=60)) == reply


@each_call
async def test_async(aclient, service, method, arguments, reply):
    call = getattr(getattr(aclient, service), method)
    assert await call(*arguments) == reply
    assert await call(*arguments, timeout=timedelta(seconds=60)) == reply


def test_replies_are_values(client):
    models = client.models.list_language_models()
    assert type(models) is list
    assert pickle.loads(pickle.dumps(models)) == models
    info = client.auth.get_api_key_info()
    assert type(info) is auth_pb2.ApiKey
    image_models = [model.name for model in models if models_pb2.IMAGE in model.input_modalities]
    assert image_models == ["grok-4"]


def test_a_service_is_created_once(client):
    assert client.models is client.models
    assert client.auth is client.auth
    assert client.tokenize is client.tokenize


INVALID = [
    ("models", "get_language_model", ("",), {}, "name is empty"),
    ("models", "get_embedding_model", (" ",), {}, "name is empty"),
    ("models", "get_image_generation_model", (None,), {}, "name must be a string, not NoneType"),
    ("models", "list_language_models", (), {"timeout": 0}, "timeout must be a finite time above 0"),
    ("auth", "get_api_key_info", (), {"timeout": "5"}, "timeout must be seconds or a timedelta"),
    ("tokenize", "tokenize_text", ("hi", ""), {}, "model is empty"),
    ("tokenize", "tokenize_text", (b"hi", "grok-4"), {}, "text must be a string, not bytes"),
    ("tokenize", "tokenize_text", ("\ud800", "grok-4"), {}, "text contains a lone surrogate"),
]


@pytest.mark.parametrize(("service", "method", "arguments", "options", "message"), INVALID)
async def test_invalid_arguments_are_rejected_before_sending(
    service, method, arguments, options, message
):
    # No server listens on this port, so a call would raise another error.
    unreachable = {"api_key": "k", "api_host": "localhost:1"}
    with xai_vision.Client(**unreachable) as client:
        call = getattr(getattr(client, service), method)
        with pytest.raises(xai_vision.InvalidRequestError, match=message):
            call(*arguments, **options)
    async with xai_vision.AsyncClient(**unreachable) as aclient:
        call = getattr(getattr(aclient, service), method)
        with pytest.raises(xai_vision.InvalidRequestError, match=message):
            await call(*arguments, **options)


def test_errors_of_the_service(client, address):
    with pytest.raises(xai_vision.errors.NotFoundError, match="model nope not found"):
        client.models.get_language_model("nope")
    with pytest.raises(xai_vision.errors.RequestTimeoutError):
        client.models.get_language_model(SLOW, timeout=0.1)
    with (
        xai_vision.Client("other", api_host=address) as other,
        pytest.raises(xai_vision.errors.AuthenticationError, match="no such key"),
    ):
        other.auth.get_api_key_info()


async def test_errors_of_the_service_async(aclient):
    with pytest.raises(xai_vision.errors.NotFoundError, match="model nope not found"):
        await aclient.models.get_language_model("nope")
    with pytest.raises(xai_vision.errors.RequestTimeoutError):
        await aclient.models.get_language_model(SLOW, timeout=timedelta(milliseconds=100))


async def test_an_unknown_keyword(client, aclient):
    with pytest.raises(TypeError, match="'timeot'"):
        client.models.list_language_models(timeot=3)
    with pytest.raises(TypeError, match="'timeot'"):
        await aclient.tokenize.tokenize_text("a", "grok-4", timeot=3)


def test_a_closed_client(address):
    client = xai_vision.Client("k", api_host=address)
    client.close()
    with pytest.raises(xai_vision.errors.ClientClosedError):
        client.models.list_language_models()


@pytest.mark.parametrize(
    ("sync_class", "async_class"),
    [
        (ModelsService, AsyncModelsService),
        (AuthService, AsyncAuthService),
        (TokenizeService, AsyncTokenizeService),
    ],
)
def test_sync_and_async_signatures_agree(sync_class, async_class):
    def signatures(cls):
        return {
            name: inspect.signature(method)
            for name, method in vars(cls).items()
            if not name.startswith("_")
        }

    names = signatures(sync_class)
    assert names == signatures(async_class)
    assert all(inspect.iscoroutinefunction(getattr(async_class, name)) for name in names)
    assert all(getattr(sync_class, name).__doc__ for name in names)
    assert all(getattr(async_class, name).__doc__ for name in names)


def test_importing_the_package_does_not_load_them():
    code = (
        "import sys, xai_vision\n"
        "modules = ('services', 'tools', 'search', 'chat._request.json_schema',"
        " 'chat._request.tools', 'proto.models', 'proto.auth', 'proto.tokenize')\n"
        "loaded = [name for name in sys.modules"
        " if name.startswith(tuple('xai_vision.' + module for module in modules))]\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.peer
@each_call
def test_same_as_xai_sdk(client, address, service, method, arguments, reply):
    import xai_sdk

    peer = xai_sdk.Client(api_key="xai-secret", api_host=address)
    expected = getattr(getattr(peer, service), method)(*arguments)
    actual = getattr(getattr(client, service), method)(*arguments)
    if isinstance(actual, list):
        assert [item.SerializeToString() for item in actual] == [
            item.SerializeToString() for item in expected
        ]
    else:
        assert actual.SerializeToString() == expected.SerializeToString()
    parameters = list(inspect.signature(getattr(getattr(peer, service), method)).parameters)
    own = list(inspect.signature(getattr(getattr(client, service), method)).parameters)
    assert own == [*parameters, "call"]
