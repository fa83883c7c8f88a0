"""Models and API keys as JSON of the REST API."""

from __future__ import annotations

from typing import Any

from xai_vision.proto import auth_pb2
from xai_vision.testing._service.models import Model


def model_json(model: Model) -> dict[str, Any]:
    """Write a model as in /v1/models."""
    created = int(model.created.timestamp())
    return {"id": model.name, "object": "model", "created": created, "owned_by": "xai"}


def language_model_json(model: Model) -> dict[str, Any]:
    """Write a model as in /v1/language-models, with prices in cents per 100 million tokens."""
    return {
        **model_json(model),
        "fingerprint": model.fingerprint,
        "version": model.version,
        "input_modalities": ["text", "image"] if model.vision else ["text"],
        "output_modalities": ["text"],
        "prompt_text_token_price": model.text_price,
        "cached_prompt_text_token_price": model.cached_price,
        "prompt_image_token_price": model.image_price if model.vision else 0,
        "completion_text_token_price": model.completion_price,
        "search_price": model.search_price,
        "aliases": list(model.aliases),
    }


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
