"""The models the fake offers.

Names, aliases and what they take follow the public catalogue; prices and lengths are of its
order, for counting with, and promise nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from xai_vision.testing._errors import not_found


@dataclass(frozen=True)
class Model:
    """One model of the catalogue.

    Prices are integers as on the wire: hundred-millionths of a US cent a token, which is the
    same as 1e-10 USD, a "tick". 30_000 is 3 USD for a million tokens.

    Attributes:
        name: The name replies carry.
        aliases: Other names requests may use.
        vision: Whether it takes images.
        max_prompt: Longest prompt in tokens, images included.
        text_price: Ticks for a token of text in the prompt.
        image_price: Ticks for an image token in the prompt; for an image model, for an image.
        cached_price: Ticks for a prompt token that was cached.
        answer_price: Ticks for a token of the answer.
        search_price: Ticks for one search source.
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


def _fast(
    name: str, *aliases: str, vision: bool = True, max_prompt: int = 2_000_000, answer: int = 5_000
) -> Model:
    return Model(name, aliases, vision, max_prompt, 2_000, 2_000, 500, answer)


LANGUAGE_MODELS: Final = (
    Model("grok-4-0709", ("grok-4", "grok-4-latest"), True, 256_000),
    _fast("grok-4-fast-reasoning", "grok-4-fast"),
    _fast("grok-4-fast-non-reasoning"),
    _fast("grok-4-1-fast-reasoning", "grok-4-1-fast"),
    _fast("grok-4-1-fast-non-reasoning"),
    Model("grok-4.20-reasoning", ("grok-4.20",), True, 2_000_000),
    Model("grok-4.20-non-reasoning", (), True, 2_000_000),
    Model("grok-4.20-multi-agent", (), True, 2_000_000),
    Model("grok-4.3", (), True, 1_000_000),
    Model("grok-4.5", (), True, 1_000_000),
    Model("grok-4.6", ("grok-latest",), True, 1_000_000),
    Model("grok-2-vision-1212", ("grok-2-vision",), True, 32_768, 20_000, 20_000),
    _fast("grok-code-fast-1", "grok-code-fast", vision=False, max_prompt=256_000, answer=15_000),
    Model("grok-3", ("grok-3-latest",)),
    _fast("grok-3-mini", vision=False, max_prompt=131_072),
)
EMBEDDING_MODELS: Final = (Model("v1", ("grok-embedding-small",), True, text_price=100),)
IMAGE_MODELS: Final = (Model("grok-2-image-1212", ("grok-2-image",), max_prompt_length=1_024),)


class ModelCatalog:
    """Models by name and alias."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = tuple(models)
        self._by_name = {name: m for m in self._models for name in (m.name, *m.aliases)}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models)

    def resolve(self, name: str) -> Model:
        """Find a model by its name or an alias.

        Raises:
            ServiceError: NOT_FOUND, there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise not_found(
                f"The model {name} does not exist or your team does not have access to it."
            ) from None
