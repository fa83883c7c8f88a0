"""The services for models, API keys and tokens; restricted keys."""

from __future__ import annotations

import grpc
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.proto import empty_pb2, models_pb2, tokenize_pb2
from xai_vision.proto.auth_pb2_grpc import AuthStub
from xai_vision.proto.models_pb2_grpc import ModelsStub
from xai_vision.proto.tokenize_pb2_grpc import TokenizeStub

EMPTY = empty_pb2.Empty()


def test_models(caller):
    models = ModelsStub(caller.channel)
    by_name = {m.name: m for m in models.ListLanguageModels(EMPTY, metadata=caller.metadata).models}
    assert models_pb2.IMAGE in by_name["grok-4-0709"].input_modalities
    assert models_pb2.IMAGE not in by_name["grok-3"].input_modalities
    model = models.GetLanguageModel(
        models_pb2.GetModelRequest(name="grok-4"), metadata=caller.metadata
    )
    assert model == by_name["grok-4-0709"]
    for kind in ("Embedding", "ImageGeneration"):
        listed = getattr(models, f"List{kind}Models")(EMPTY, metadata=caller.metadata).models
        lookup = models_pb2.GetModelRequest(name=listed[0].aliases[0])
        model = getattr(models, f"Get{kind}Model")(lookup, metadata=caller.metadata)
        assert model == listed[0]
    with pytest.raises(grpc.RpcError) as caught:
        models.GetLanguageModel(models_pb2.GetModelRequest(name="x"), metadata=caller.metadata)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_model_has_all_its_names(server, caller):
    for model in server.models:
        for name in (model.name, *model.aliases):
            assert caller.sample("Hi", model=name).model == model.name


def test_tokens(server, caller):
    text = "Hello, unbelievable world! 12345 ☃\n\n_x"
    response = TokenizeStub(caller.channel).TokenizeText(
        tokenize_pb2.TokenizeTextRequest(text=text, model="grok-4"), metadata=caller.metadata
    )
    assert "".join(t.string_token for t in response.tokens) == text
    assert b"".join(t.token_bytes for t in response.tokens) == text.encode()
    assert server.calls.last.prompt == text


def key_info(server, key):
    with open_caller(server, key) as caller:
        return AuthStub(caller.channel).get_api_key_info(EMPTY, metadata=caller.metadata)


def test_the_key_info(server):
    info = key_info(server, server.api_key)
    assert info.redacted_api_key == f"xa***{server.api_key[-2:]}"
    assert not info.api_key_blocked
    assert "api-key:model:*" in info.acls


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({"blocked": True}, "PERMISSION_DENIED", "key is currently blocked"),
        ({"team_blocked": True}, "PERMISSION_DENIED", "team this API key belongs to"),
        ({"disabled": True}, "PERMISSION_DENIED", "disabled"),
        ({"expired": True}, "UNAUTHENTICATED", "expired"),
        ({"vision": False}, "PERMISSION_DENIED", "no access to the vision endpoint"),
        ({"models": ("grok-3",)}, "PERMISSION_DENIED", "no access to the model grok-4"),
    ],
)
def test_a_restricted_key(server, options, status, message):
    key = server.create_key(**options)
    with open_caller(server, key) as caller:
        actual, details = caller.expect_error("What?", image_part(jpeg()))
        assert actual == status
        assert message in details
    if "blocked" in options:
        assert key_info(server, key).api_key_blocked


def test_an_unknown_key_option(server):
    with pytest.raises(TypeError):
        server.create_key(superpowers=True)


def test_keys_share_the_state_of_a_tenant(server, caller):
    stored = caller.sample("Hi", store_messages=True)
    with open_caller(server, server.create_key()) as other:
        assert other.sample("More", previous_response_id=stored.id)
    assert server.calls.last.key_id == "key-1"
