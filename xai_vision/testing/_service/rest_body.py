"""The JSON of requests, which come over REST and in the input files of batches."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from xai_vision.openai_compat import Api, to_request
from xai_vision.openai_compat._settings import SERVICE_TIERS
from xai_vision.openai_compat._values import ignoring_unknown_keys

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2
    from xai_vision.testing._settings import Settings

# Documented as accepted without effect, or OpenAI's own keys that have no meaning for xAI.
_IGNORED_KEYS: Final = (
    "metadata",
    "truncation",
    "prompt_cache_key",
    "prompt_cache_retention",
    "logit_bias",
)
_IGNORED_NESTED_KEYS: Final = {
    "reasoning": ("summary", "generate_summary"),
    "text": ("verbosity",),
}


def unknown_keys(settings: Settings) -> AbstractContextManager[None]:
    """Refuse or ignore the unknown keys of JSON that is read in the block, as the settings say."""
    return ignoring_unknown_keys() if settings.unknown_keys == "ignore" else nullcontext()


def to_completion_request(body: Mapping[str, Any], api: Api) -> chat_pb2.GetCompletionsRequest:
    """Convert the JSON of a request for a completion, without the keys that have no effect.

    Raises:
        TranslationError: A value is not valid; the message names its path.
    """
    supported = {key: value for key, value in body.items() if key not in _IGNORED_KEYS}
    if supported.get("service_tier") not in tuple(SERVICE_TIERS):
        supported.pop("service_tier", None)
    for key, ignored in _IGNORED_NESTED_KEYS.items():
        options = supported.get(key)
        if isinstance(options, dict):
            supported[key] = {name: v for name, v in options.items() if name not in ignored}
    return to_request(supported, api=api)
