"""Models and keys as the REST catalogue shows them."""

from __future__ import annotations

from typing import Any

from xai_vision.proto import auth_pb2
from xai_vision.testing._service.models import Model

__all__ = ["api_key", "language_model", "model"]


def model(known: Model) -> dict[str, Any]:
    """A model as /v1/models has it."""
    created = int(known.created.timestamp())
    return {"id": known.name, "object": "model", "created": created, "owned_by": "xai"}


def language_model(known: Model) -> dict[str, Any]:
    """A model as /v1/language-models has it. Prices are in cents for 100 million tokens."""
    return {
        **model(known),
        "fingerprint": known.fingerprint,
        "version": known.version,
        "input_modalities": ["text", "image"] if known.vision else ["text"],
        "output_modalities": ["text"],
        "prompt_text_token_price": known.text_price,
        "cached_prompt_text_token_price": known.cached_price,
        "prompt_image_token_price": known.image_price if known.vision else 0,
        "completion_text_token_price": known.completion_price,
        "search_price": known.search_price,
        "aliases": list(known.aliases),
    }


def api_key(key: auth_pb2.ApiKey) -> dict[str, Any]:
    """What a key may learn about itself."""
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
