"""Models, the key, tokens; keys that may not do everything."""

from __future__ import annotations

import grpc
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import connected, picture
from xai_vision.proto import empty_pb2, models_pb2, tokenize_pb2
from xai_vision.proto.auth_grpc import AuthStub
from xai_vision.proto.models_grpc import ModelsStub
from xai_vision.proto.tokenize_grpc import TokenizeStub

NOTHING = empty_pb2.Empty()


def test_models(ask):
    models = ModelsStub(ask.channel)
    named = {m.name: m for m in models.ListLanguageModels(NOTHING, metadata=ask.metadata).models}
    assert models_pb2.IMAGE in named["grok-4-0709"].input_modalities
    assert models_pb2.IMAGE not in named["grok-3"].input_modalities
    one = models.GetLanguageModel(models_pb2.GetModelRequest(name="grok-4"), metadata=ask.metadata)
    assert one == named["grok-4-0709"]
    for kind in ("Embedding", "ImageGeneration"):
        listed = getattr(models, f"List{kind}Models")(NOTHING, metadata=ask.metadata).models
        wanted = models_pb2.GetModelRequest(name=listed[0].aliases[0])
        got = getattr(models, f"Get{kind}Model")(wanted, metadata=ask.metadata)
        assert got == listed[0]
    with pytest.raises(grpc.RpcError) as caught:
        models.GetLanguageModel(models_pb2.GetModelRequest(name="x"), metadata=ask.metadata)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_every_model_answers_by_each_of_its_names(server, ask):
    for model in server.models:
        for name in (model.name, *model.aliases):
            assert ask("Hi", model=name).model == model.name


def test_tokens(server, ask):
    text = "Hello, unbelievable world! 12345 ☃\n\n_x"
    answer = TokenizeStub(ask.channel).TokenizeText(
        tokenize_pb2.TokenizeTextRequest(text=text, model="grok-4"), metadata=ask.metadata
    )
    assert "".join(t.string_token for t in answer.tokens) == text
    assert b"".join(t.token_bytes for t in answer.tokens) == text.encode()
    assert server.calls.last.prompt == text


def key_info(server, key):
    with connected(server, key) as ask:
        return AuthStub(ask.channel).get_api_key_info(NOTHING, metadata=ask.metadata)


def test_the_key(server):
    info = key_info(server, server.api_key)
    assert info.redacted_api_key == f"xa***{server.api_key[-2:]}"
    assert not info.api_key_blocked
    assert "api-key:model:*" in info.acls


@pytest.mark.parametrize(
    ("rights", "status", "words"),
    [
        ({"blocked": True}, "PERMISSION_DENIED", "key is currently blocked"),
        ({"team_blocked": True}, "PERMISSION_DENIED", "team this API key belongs to"),
        ({"disabled": True}, "PERMISSION_DENIED", "disabled"),
        ({"expired": True}, "UNAUTHENTICATED", "expired"),
        ({"vision": False}, "PERMISSION_DENIED", "no access to the vision endpoint"),
        ({"models": ("grok-3",)}, "PERMISSION_DENIED", "no access to the model grok-4"),
    ],
)
def test_a_key_that_may_not(server, rights, status, words):
    key = server.create_key(**rights)
    with connected(server, key) as ask:
        got, details = ask.refusal("What?", picture(jpeg()))
        assert got == status
        assert words in details
    if "blocked" in rights:
        assert key_info(server, key).api_key_blocked


def test_a_right_there_is_none_of(server):
    with pytest.raises(TypeError):
        server.create_key(superpowers=True)


def test_keys_share_what_a_tenant_has(server, ask):
    answer = ask("Hi", store_messages=True)
    with connected(server, server.create_key()) as other:
        assert other("More", previous_response_id=answer.id)
    assert server.calls.last.key_id == "key-1"
