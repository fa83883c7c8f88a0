"""The protos of the small services: models, API keys and tokens."""

from __future__ import annotations

from typing import Any

from xai_vision.proto import auth_pb2, models_pb2, tokenize_pb2
from xai_vision.proto.timestamp_pb2 import Timestamp
from xai_vision.testing._service.api_keys import ApiKey
from xai_vision.testing._service.models import Model
from xai_vision.testing._service.response import tokens


def language_model(model: Model) -> models_pb2.LanguageModel:
    """Return the proto of a language model."""
    return models_pb2.LanguageModel(
        **_common_fields(model),
        output_modalities=[models_pb2.TEXT],
        prompt_text_token_price=model.text_price,
        prompt_image_token_price=model.image_price if model.vision else 0,
        cached_prompt_token_price=model.cached_price,
        completion_text_token_price=model.completion_price,
        search_price=model.search_price,
        max_prompt_length=model.max_prompt_length,
    )


def embedding_model(model: Model) -> models_pb2.EmbeddingModel:
    """Return the proto of an embedding model."""
    return models_pb2.EmbeddingModel(
        **_common_fields(model),
        output_modalities=[models_pb2.EMBEDDING],
        prompt_text_token_price=model.text_price,
        prompt_image_token_price=model.image_price,
    )


def image_model(model: Model) -> models_pb2.ImageGenerationModel:
    """Return the proto of an image generation model."""
    return models_pb2.ImageGenerationModel(
        **_common_fields(model),
        output_modalities=[models_pb2.IMAGE],
        image_price=model.image_price,
        max_prompt_length=model.max_prompt_length,
    )


def _common_fields(model: Model) -> dict[str, Any]:
    inputs = [models_pb2.TEXT, models_pb2.IMAGE] if model.vision else [models_pb2.TEXT]
    return {
        "name": model.name,
        "aliases": model.aliases,
        "version": model.version,
        "input_modalities": inputs,
        "system_fingerprint": model.fingerprint,
        "created": Timestamp(seconds=int(model.created.timestamp())),
    }


def api_key(caller: ApiKey) -> auth_pb2.ApiKey:
    """Return the proto that describes an API key to its owner."""
    created = Timestamp(seconds=1_752_019_200)
    return auth_pb2.ApiKey(
        redacted_api_key=caller.redacted,
        user_id="fake-user",
        name=caller.name,
        create_time=created,
        modify_time=created,
        modified_by="fake-user",
        team_id="fake-team",
        acls=[
            "api-key:endpoint:*",
            *(f"api-key:model:{name}" for name in caller.models or ("*",)),
        ],
        api_key_id=caller.key_id,
        api_key_blocked=caller.blocked,
        team_blocked=caller.team_blocked,
        disabled=caller.disabled,
    )


def tokenize_response(text: str, model: str) -> tokenize_pb2.TokenizeTextResponse:
    """Return the tokens of a text."""
    return tokenize_pb2.TokenizeTextResponse(
        model=model,
        tokens=[
            tokenize_pb2.Token(
                token_id=tokens.token_id(token), string_token=token, token_bytes=token.encode()
            )
            for token in tokens.split(text)
        ],
    )
