"""The most that a request can cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai_vision.bulk._limits.budget import TICKS_PER_USD
from xai_vision.chat._estimate import image_estimate
from xai_vision.chat._messages.image_content import ImageContent
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.chat._chat_calls import ChatCalls
    from xai_vision.client import AsyncClient
    from xai_vision.proto import chat_pb2, models_pb2

ANSWER_TOKENS = 16_384
"""The longest answer in a job with a budget whose settings do not set ``max_tokens``."""

# Tokens that the service adds to each request and to each message. Users report a hidden prompt of
# about 700 tokens of some models; the number is not documented.
_PER_REQUEST = 1024
_PER_MESSAGE = 16


@dataclass(frozen=True)
class Price:
    """The price of a model's tokens in US dollars.

    Attributes:
        text: A token of text in the prompt, cached or not, whichever is higher.
        image: A token of an image in the prompt.
        answer: A token of the answer.
    """

    text: float
    image: float
    answer: float

    @classmethod
    def from_model(cls, model: models_pb2.LanguageModel) -> Price:
        """Return the price of a model."""
        return cls(
            max(model.prompt_text_token_price, model.cached_prompt_token_price) / TICKS_PER_USD,
            model.prompt_image_token_price / TICKS_PER_USD,
            model.completion_text_token_price / TICKS_PER_USD,
        )


class Prices:
    """The prices of models, queried once each."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._known: dict[str, Price] = {}

    async def of(self, model: str) -> Price:
        """Return the price of a model.

        Raises:
            APIError: The service does not know the model.
        """
        if model not in self._known:
            language_model = await self._client.models.get_language_model(model)
            self._known[model] = Price.from_model(language_model)
        return self._known[model]


@dataclass(frozen=True)
class Bound:
    """Upper bounds of the tokens of a request.

    Attributes:
        text: Text tokens of the prompt.
        image: Image tokens of the prompt.
        answer: Tokens of the answer, including reasoning.
    """

    text: int
    image: int
    answer: int

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.text + self.image + self.answer

    def usd(self, price: Price) -> float:
        """Return the price in US dollars."""
        return self.text * price.text + self.image * price.image + self.answer * price.answer


def bound_of(chat: ChatCalls) -> Bound:
    """Return upper bounds of a request's tokens. Its answer is limited, if it has no limit.

    A tokenizer never makes more tokens than a text has bytes.

    Raises:
        InvalidRequestError: The request has content of unknown size.
    """
    settings = chat._settings if chat._proto is None else chat._proto
    unknown = _unknown_part(settings)
    messages = list(chat.messages)
    parts = [part for message in messages for part in message.content]
    if any(not isinstance(part, ImageContent) and part.HasField("file") for part in parts):
        unknown = "a file"
    if unknown:
        raise InvalidRequestError(
            f"max_usd and max_tokens: the tokens of a request with {unknown} are not known before "
            "it is sent. Leave out either of the two"
        )
    if not settings.HasField("max_tokens"):
        settings.max_tokens = ANSWER_TOKENS
    size = sum(len(part.text.encode("utf-8", "replace")) for part in parts)
    images = [estimate for part in parts if (estimate := image_estimate(part)) is not None]
    # The settings contain the JSON schema. The messages of a proto are in ``size``.
    own = settings.ByteSize() - sum(message.ByteSize() for message in settings.messages)
    text = size + own + _PER_REQUEST + _PER_MESSAGE * len(messages)
    answers = max(1, settings.n) * settings.max_tokens
    return Bound(text, sum(estimate.high for estimate in images), answers)


def _unknown_part(settings: chat_pb2.GetCompletionsRequest) -> str | None:
    """Return the setting that adds an unknown number of tokens, or None."""
    if settings.tools:
        return "tools"
    if settings.HasField("search_parameters"):
        return "search_parameters"
    return "previous_response_id" if settings.previous_response_id else None
