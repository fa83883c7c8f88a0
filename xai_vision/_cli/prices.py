"""Token prices from the service's list of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai_vision._cli.connection import has_key, open_client
from xai_vision._cli.report import token_range
from xai_vision._cli.terminal import error_text, print_note

if TYPE_CHECKING:
    from xai_vision._cli.options import Service
    from xai_vision.imaging import TokenEstimate
    from xai_vision.proto import models_pb2


TICKS_PER_USD = 10**10
_TIMEOUT = 10.0


@dataclass(frozen=True)
class Price:
    """The price of a model in US dollars per token."""

    model: str
    text: float
    image: float

    @classmethod
    def from_model(cls, model: models_pb2.LanguageModel) -> Price:
        """Return the price of a model."""
        return cls(
            model.name,
            model.prompt_text_token_price / TICKS_PER_USD,
            model.prompt_image_token_price / TICKS_PER_USD,
        )

    def image_costs(self, tokens: TokenEstimate) -> dict[str, float]:
        """Return the low, likely and high cost of image tokens."""
        return {name: count * self.image for name, count in token_range(tokens).items()}


def get_price(model: str, service: Service, *, offline: bool, quiet: bool = False) -> Price | None:
    """Query the price of a model; print a note and return None if that fails."""
    if offline:
        return None
    if not has_key(service):
        if not quiet:
            print_note("Prices are unknown without an API key: XAI_API_KEY is not set.")
        return None
    from xai_vision.errors import APIError

    try:
        with open_client(service) as api:
            language_model = api.models.get_language_model(
                model, timeout=service.timeout or _TIMEOUT, retries=0
            )
    except APIError as error:
        print_note(f"Prices are unknown: {error_text(error)}")
        return None
    return Price.from_model(language_model)
