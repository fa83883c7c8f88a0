"""Models and API keys as JSON of the REST API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xai_vision.proto import auth_pb2, models_pb2


def model_json(model: models_pb2.LanguageModel) -> dict[str, Any]:
    """Write a model as in /v1/models."""
    created = model.created.seconds
    return {"id": model.name, "object": "model", "created": created, "owned_by": "xai"}


def language_model_json(model: models_pb2.LanguageModel) -> dict[str, Any]:
    """Write a model as in /v1/language-models, with prices in cents per 100 million tokens."""
    return {
        **model_json(model),
        "fingerprint": model.system_fingerprint,
        "version": model.version,
        "input_modalities": _modalities(model.input_modalities),
        "output_modalities": _modalities(model.output_modalities),
        "prompt_text_token_price": model.prompt_text_token_price,
        "cached_prompt_text_token_price": model.cached_prompt_token_price,
        "prompt_image_token_price": model.prompt_image_token_price,
        "completion_text_token_price": model.completion_text_token_price,
        "search_price": model.search_price,
        "aliases": list(model.aliases),
    }


def _modalities(numbers: Iterable[int]) -> list[str]:
    return [models_pb2.Modality.Name(number).lower() for number in numbers]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def api_key_json(key: auth_pb2.ApiKey) -> dict[str, Any]:
    """Write the description of a key, without the key."""
    return {
        "redacted_api_key": key.redacted_api_key,
        "user_id": key.user_id,
        "name": key.name,
        "create_time": key.create_time.ToJsonString(),
        "modify_time": key.modify_time.ToJsonString(),
        "modified_by": key.modified_by,
        "team_id": key.team_id,
        "acls": list(key.acls),
        "api_key_id": key.api_key_id,
        "team_blocked": key.team_blocked,
        "api_key_blocked": key.api_key_blocked,
        "api_key_disabled": key.disabled,
    }
