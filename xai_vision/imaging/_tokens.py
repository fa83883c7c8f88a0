"""Token estimates of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from xai_vision.errors._base import InvalidRequestError
from xai_vision.imaging._limits import positive_int, safe_repr

Detail: TypeAlias = Literal["auto", "low", "high"]
"""The detail level of an image."""

TILE = 448
"""Side of a tile in pixels (public reports, not documented)."""

TILE_TOKENS = 256
"""Tokens per tile, and the lowest observed cost of an image (public reports)."""

MAX_TILES = 6
"""Maximum number of tiles (public reports)."""

MAX_TOKENS = (MAX_TILES + 1) * TILE_TOKENS
"""The highest observed cost of an image: 1792 tokens (public reports)."""

REPORTED_FORMULA = (
    "public reports, not documented by xAI: 256 to 1792 tokens by size; tiles of 448x448 px at "
    "256 tokens, at most 6, and one more for the whole image"
)
_UNKNOWN_SIZE = f"{REPORTED_FORMULA}; the image's size is unknown, so the maximum is likely"


@dataclass(frozen=True)
class TokenEstimate:
    """An estimate of tokens with its range. The response's ``usage`` has the real number.

    Attributes:
        low: The lower bound.
        likely: The most likely number.
        high: The upper bound.
        source: The source of the numbers.
    """

    low: int
    likely: int
    high: int
    source: str = REPORTED_FORMULA

    def __add__(self, other: TokenEstimate | int) -> TokenEstimate:
        if isinstance(other, int):
            return TokenEstimate(
                self.low + other, self.likely + other, self.high + other, self.source
            )
        sources = [self.source, *([other.source] if other.source not in self.source else [])]
        return TokenEstimate(
            self.low + other.low,
            self.likely + other.likely,
            self.high + other.high,
            " + ".join(filter(None, sources)),
        )

    __radd__ = __add__

    def __str__(self) -> str:
        return f"about {self.likely} tokens ({self.low} to {self.high})"


def estimate_tokens(
    width: int | None, height: int | None, detail: Detail = "auto"
) -> TokenEstimate:
    """Estimate the tokens of an image before sending it.

    The service documents no formula. The numbers come from public reports: an image is divided into
    tiles of 448x448 pixels, 256 tokens each, at most six, plus one for the whole image; "low" is
    one tile. The range is wide because small images may be enlarged to more tiles.

    Args:
        width: Width in pixels; None if unknown, as for a URL.
        height: Height in pixels; None if unknown.
        detail: "auto" (the service chooses), "low" (faster, fewer tokens) or "high" (slower,
            more tokens).

    Returns:
        The estimate with its range and source.

    Raises:
        InvalidRequestError: The detail is unknown, or a side is not an integer above 0.
    """
    check_detail(detail)
    width = None if width is None else positive_int("width", width)
    height = None if height is None else positive_int("height", height)
    if detail == "low":
        return TokenEstimate(TILE_TOKENS, TILE_TOKENS, 2 * TILE_TOKENS)
    if width is None or height is None:
        return TokenEstimate(TILE_TOKENS, MAX_TOKENS, MAX_TOKENS, _UNKNOWN_SIZE)
    tiles = -(-width // TILE) * -(-height // TILE)
    return TokenEstimate(TILE_TOKENS, (min(tiles, MAX_TILES) + 1) * TILE_TOKENS, MAX_TOKENS)


def check_detail(detail: object) -> None:
    """Refuse an unknown detail.

    Raises:
        InvalidRequestError: The detail is not "auto", "low" or "high".
    """
    if detail not in get_args(Detail):
        raise InvalidRequestError(
            f"detail must be 'auto', 'low' or 'high', not {safe_repr(detail)}."
        )
