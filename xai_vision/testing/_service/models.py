"""The models of the fake service.

Names, aliases and modalities follow the service's public list of models. Prices and prompt
lengths are only similar to the real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Final

from xai_vision.testing._errors import invalid_argument, not_found, permission_denied

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._service.api_keys import ApiKey


@dataclass(frozen=True)
class Model:
    """A model.

    Prices are integers, as in the protos, in units of a hundred-millionth of a US cent (1e-10
    USD). A price of 30_000 per token is 3 USD per million tokens.

    Attributes:
        name: The name in responses.
        aliases: The other names that requests may use.
        vision: Whether the model accepts images.
        max_prompt_length: The maximum prompt in tokens, image tokens included.
        text_price: The price of a text token in the prompt.
        image_price: The price of an image token in the prompt. For an image generation model, the
            price of an image.
        cached_price: The price of a cached prompt token.
        completion_price: The price of a token of the response.
        search_price: The price of a search source.
        version: The version in the list of models.
        fingerprint: The system fingerprint in responses.
        created: When the model was created.
    """

    name: str
    aliases: tuple[str, ...] = ()
    vision: bool = False
    max_prompt_length: int = 131_072
    text_price: int = 30_000
    image_price: int = 30_000
    cached_price: int = 7_500
    completion_price: int = 150_000
    search_price: int = 250_000_000
    version: str = "1.0"
    fingerprint: str = "fp_fake000000"
    created: datetime = datetime(2025, 7, 9, tzinfo=timezone.utc)


_fast = partial(
    Model,
    vision=True,
    max_prompt_length=2_000_000,
    text_price=2_000,
    image_price=2_000,
    cached_price=500,
    completion_price=5_000,
)

LANGUAGE_MODELS: Final = (
    Model("grok-4-0709", ("grok-4", "grok-4-latest"), True, 256_000),
    _fast("grok-4-fast-reasoning", ("grok-4-fast",)),
    _fast("grok-4-fast-non-reasoning"),
    _fast("grok-4-1-fast-reasoning", ("grok-4-1-fast",)),
    _fast("grok-4-1-fast-non-reasoning"),
    Model("grok-4.20-reasoning", ("grok-4.20",), True, 2_000_000),
    Model("grok-4.20-non-reasoning", (), True, 2_000_000),
    Model("grok-4.20-multi-agent", (), True, 2_000_000),
    Model("grok-4.3", (), True, 1_000_000),
    Model("grok-4.5", (), True, 1_000_000),
    Model("grok-4.6", ("grok-latest",), True, 1_000_000),
    Model("grok-2-vision-1212", ("grok-2-vision",), True, 32_768, 20_000, 20_000),
    _fast(
        "grok-code-fast-1",
        ("grok-code-fast",),
        vision=False,
        max_prompt_length=256_000,
        completion_price=15_000,
    ),
    Model("grok-3", ("grok-3-latest",)),
    _fast("grok-3-mini", vision=False, max_prompt_length=131_072),
)
EMBEDDING_MODELS: Final = (Model("v1", ("grok-embedding-small",), True, text_price=100),)
IMAGE_MODELS: Final = (
    Model("grok-2-image-1212", ("grok-2-image",), max_prompt_length=1_024),
    Model("grok-imagine-image", (), True, 8_000, image_price=200_000_000),
    Model("grok-imagine-image-2.0", (), True, 8_000, image_price=200_000_000),
    Model("grok-imagine-image-quality", (), True, 8_000, image_price=500_000_000),
)
VIDEO_MODELS: Final = (
    Model("grok-imagine-video", (), True, 8_000, image_price=500_000_000),
    Model("grok-imagine-video-1.5", (), True, 8_000, image_price=1_000_000_000),
)
"""``image_price`` is the price of a second of video."""


class ModelCatalog:
    """Models by name and alias."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = tuple(models)
        self._by_name = {name: m for m in self._models for name in (m.name, *m.aliases)}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models)

    def resolve(self, name: str) -> Model:
        """Return the model with a name or alias.

        Raises:
            ServiceError: NOT_FOUND if no model has the name.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise not_found(
                f"The model {name} does not exist or your team does not have access to it."
            ) from None


IMAGE_CATALOG: Final = ModelCatalog(IMAGE_MODELS)
VIDEO_CATALOG: Final = ModelCatalog(VIDEO_MODELS)
_ALL: Final = (*LANGUAGE_MODELS, *IMAGE_MODELS, *VIDEO_MODELS)
MODEL_NAMES: Final = tuple(name for model in _ALL for name in (model.name, *model.aliases))
"""The names and aliases of all models that keys can be limited to."""


def model_names(name: str) -> tuple[str, ...]:
    """Return a model's names and aliases; only ``name`` if there is no such model."""
    names = ((model.name, *model.aliases) for model in _ALL)
    return next((known for known in names if name in known), (name,))


def choose_model(catalog: ModelCatalog, name: str, caller: ApiKey, record: Call) -> Model:
    """Return the model of a request, and note its names in the call log.

    Args:
        catalog: The models that the method offers.
        name: The name in the request.
        caller: The API key of the client.
        record: The record of the call.

    Raises:
        ServiceError: INVALID_ARGUMENT, NOT_FOUND or PERMISSION_DENIED.
    """
    record.model, record.model_names = name, (name,)
    if not name:
        raise invalid_argument("The request does not name a model. Set the field model.")
    model = catalog.resolve(name)
    record.model_names = (name, model.name, *model.aliases)
    if caller.models is not None and set(caller.models).isdisjoint(record.model_names):
        raise permission_denied(f"The API key has no access to the model {name}.")
    return model
