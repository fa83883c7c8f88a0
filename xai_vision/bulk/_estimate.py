"""The estimate of a job."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from xai_vision.bulk._ledger.keys import NO_STAMP
from xai_vision.bulk._limits.prices import Price
from xai_vision.bulk._row import Row
from xai_vision.bulk._run.question import Question
from xai_vision.chat._estimate import image_estimate
from xai_vision.client import AsyncClient
from xai_vision.errors import APIError, ConfigurationError, XaiVisionError
from xai_vision.imaging import TokenEstimate

SAMPLE_ROWS = 32
"""The number of rows that are prepared for an estimate."""


@dataclass(frozen=True)
class Estimate:
    """The tokens and the price of a job's input. ``print(estimate)`` prints it in a line.

    Attributes:
        rows: The number of rows; None if the source does not know it.
        sampled: The number of rows that were prepared. The numbers of the others are assumed to be
            like theirs.
        unreadable: The rows among them that cannot be sent.
        tokens: The input tokens: of all rows, or of a row if the number of rows is not known.
        usd: The price of the input in US dollars: low, likely and high; None if it is not known.
        usd_per_million_answer_tokens: The price of a million tokens of answers; None if it is not
            known. The length of answers is not known before they arrive.
    """

    rows: int | None
    sampled: int
    unreadable: int
    tokens: TokenEstimate
    usd: tuple[float, float, float] | None
    usd_per_million_answer_tokens: float | None

    def __str__(self) -> str:
        rows = "an unknown number of rows, each" if self.rows is None else f"{self.rows:,} rows ·"
        low, likely, high = self.tokens.low, self.tokens.likely, self.tokens.high
        text = f"{rows} about {likely:,} tokens of input ({low:,} to {high:,})"
        if self.usd is not None:
            low_usd, likely_usd, high_usd = self.usd
            text += (
                f" · about ${likely_usd:,.4g} (${low_usd:,.4g} to ${high_usd:,.4g}), and "
                f"${self.usd_per_million_answer_tokens:,.4g} for a million tokens of answers"
            )
        if self.unreadable:
            text += f" · {self.unreadable} of the first {self.sampled} rows cannot be sent"
        return text


async def estimate(
    question: Question,
    sample: list[Row],
    *,
    total: int | None,
    factor: float,
    client: AsyncClient | None,
) -> Estimate:
    """Estimate a job from its first rows."""
    text, image = TokenEstimate(0, 0, 0, ""), TokenEstimate(0, 0, 0, "")
    unreadable = 0
    for row in sample:
        try:
            prepared = await asyncio.to_thread(question.prepare, row, NO_STAMP, None)
        except XaiVisionError:
            unreadable += 1
            continue
        parts = [part for message in prepared.chat.messages for part in message.content]
        images = TokenEstimate(0, 0, 0, "")
        for part in parts:
            images += image_estimate(part) or 0
        whole = prepared.chat.estimate()
        image += images
        text += TokenEstimate(
            whole.low - images.low, whole.likely - images.likely, whole.high - images.high, ""
        )
    readable = max(1, len(sample) - unreadable)
    rows = 1.0 if total is None else total * (readable if sample else 0) / max(1, len(sample))
    text, image = (_scaled(tokens, rows / readable) for tokens in (text, image))
    price = await _price(question.model, client)
    usd = None
    if price is not None:
        low, likely, high = (
            factor * (words * price.text + pixels * price.image)
            for words, pixels in (
                (text.low, image.low),
                (text.likely, image.likely),
                (text.high, image.high),
            )
        )
        usd = (low, likely, high)
    return Estimate(
        rows=total,
        sampled=len(sample),
        unreadable=unreadable,
        tokens=text + image,
        usd=usd,
        usd_per_million_answer_tokens=None if price is None else price.answer * 1e6 * factor,
    )


def _scaled(tokens: TokenEstimate, factor: float) -> TokenEstimate:
    return TokenEstimate(
        round(tokens.low * factor), round(tokens.likely * factor), round(tokens.high * factor)
    )


async def _price(model: str, client: AsyncClient | None) -> Price | None:
    """Query a price; None without a key, or if the service does not answer."""
    try:
        used = client or AsyncClient()
    except ConfigurationError:
        return None
    try:
        language_model = await used.models.get_language_model(model, timeout=10.0, retries=0)
        return Price.from_model(language_model)
    except APIError:
        return None
    finally:
        if client is None:
            await used.close()
