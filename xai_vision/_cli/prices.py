"""What tokens cost, by the service's own catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai_vision._cli.connection import client, has_key
from xai_vision._cli.terminal import note, said

if TYPE_CHECKING:
    from xai_vision._cli.options import Service
    from xai_vision.imaging import TokenEstimate
    from xai_vision.proto import models_pb2

__all__ = ["TICKS_PER_USD", "Price", "price_of"]

TICKS_PER_USD = 10**10
_PATIENCE = 10.0


@dataclass(frozen=True)
class Price:
    """What a model takes, in US dollars per token."""

    model: str
    text: float
    image: float

    @classmethod
    def of(cls, model: models_pb2.LanguageModel) -> Price:
        """The price of a model of the catalogue."""
        return cls(
            model.name,
            model.prompt_text_token_price / TICKS_PER_USD,
            model.prompt_image_token_price / TICKS_PER_USD,
        )

    def of_pictures(self, tokens: TokenEstimate) -> tuple[float, float, float]:
        """The least, the likely and the most that image tokens cost."""
        return tokens.low * self.image, tokens.likely * self.image, tokens.high * self.image


def price_of(model: str, service: Service, *, offline: bool, quiet: bool = False) -> Price | None:
    """Ask the service what a model takes; None, and a word about it, if that cannot be known."""
    if offline:
        return None
    if not has_key(service):
        if not quiet:
            note("Prices are not known without an API key: XAI_API_KEY is not set.")
        return None
    from xai_vision.errors import APIError

    try:
        with client(service) as asked:
            found = asked.models.get_language_model(
                model, timeout=service.timeout or _PATIENCE, retries=0
            )
    except APIError as error:
        note(f"Prices are not known: {said(error)}")
        return None
    return Price.of(found)
