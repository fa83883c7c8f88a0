"""The small services: models, the key, tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from xai_vision.proto import auth_pb2, models_pb2, tokenize_pb2
from xai_vision.testing._service.api_keys import ApiKey
from xai_vision.testing._service.models import Model
from xai_vision.testing._service.response import tokens

_Shown = TypeVar(
    "_Shown",
    models_pb2.LanguageModel,
    models_pb2.EmbeddingModel,
    models_pb2.ImageGenerationModel,
)
_TEXT, _IMAGE, _VECTOR = models_pb2.TEXT, models_pb2.IMAGE, models_pb2.EMBEDDING


def language_model(model: Model) -> models_pb2.LanguageModel:
    """A model as the catalogue shows it."""
    return _dated(
        models_pb2.LanguageModel(
            name=model.name,
            aliases=model.aliases,
            version=model.version,
            input_modalities=[_TEXT, _IMAGE] if model.vision else [_TEXT],
            output_modalities=[_TEXT],
            prompt_text_token_price=model.text_price,
            prompt_image_token_price=model.image_price if model.vision else 0,
            cached_prompt_token_price=model.cached_price,
            completion_text_token_price=model.completion_price,
            search_price=model.search_price,
            max_prompt_length=model.max_prompt_length,
            system_fingerprint=model.fingerprint,
        ),
        model,
    )


def embedding_model(model: Model) -> models_pb2.EmbeddingModel:
    """An embedding model as the catalogue shows it."""
    return _dated(
        models_pb2.EmbeddingModel(
            name=model.name,
            aliases=model.aliases,
            version=model.version,
            input_modalities=[_TEXT, _IMAGE] if model.vision else [_TEXT],
            output_modalities=[_VECTOR],
            prompt_text_token_price=model.text_price,
            prompt_image_token_price=model.image_price,
            system_fingerprint=model.fingerprint,
        ),
        model,
    )


def image_model(model: Model) -> models_pb2.ImageGenerationModel:
    """An image model as the catalogue shows it."""
    return _dated(
        models_pb2.ImageGenerationModel(
            name=model.name,
            aliases=model.aliases,
            version=model.version,
            input_modalities=[_TEXT],
            output_modalities=[_IMAGE],
            image_price=model.image_price,
            max_prompt_length=model.max_prompt_length,
            system_fingerprint=model.fingerprint,
        ),
        model,
    )


def _dated(shown: _Shown, model: Model) -> _Shown:
    shown.created.seconds = int(model.created.timestamp())
    return shown


def api_key(caller: ApiKey) -> auth_pb2.ApiKey:
    """What a key may learn about itself."""
    acls = ["api-key:endpoint:*"]
    acls += [f"api-key:model:{name}" for name in caller.models or ("*",)]
    key = auth_pb2.ApiKey(
        redacted_api_key=caller.redacted,
        user_id="fake-user",
        name=caller.name,
        modified_by="fake-user",
        team_id="fake-team",
        acls=acls,
        api_key_id=caller.key_id,
        api_key_blocked=caller.blocked,
        team_blocked=caller.team_blocked,
        disabled=caller.disabled,
    )
    key.create_time.seconds = key.modify_time.seconds = 1_752_019_200
    return key


def tokenize_response(text: str, model: str) -> tokenize_pb2.TokenizeTextResponse:
    """A text's tokens."""
    return tokenize_pb2.TokenizeTextResponse(model=model, tokens=list(_tokens(text)))


def _tokens(text: str) -> Iterable[tokenize_pb2.Token]:
    for piece in tokens.split(text):
        yield tokenize_pb2.Token(
            token_id=tokens.token_id(piece), string_token=piece, token_bytes=piece.encode()
        )
