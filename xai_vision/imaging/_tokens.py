"""What a picture costs in tokens, as far as that can be known before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from xai_vision.errors._base import InvalidRequestError
from xai_vision.imaging._limits import quoted, whole_number

Detail: TypeAlias = Literal["auto", "low", "high"]
"""How closely the service looks at a picture."""

TILE = 448
"""Side of a tile in pixels; from public reports, not documented."""

TILE_TOKENS = 256
"""Tokens per tile, and the least a picture was seen to cost; from public reports."""

MAX_TILES = 6
"""Tiles a picture is cut into at most; from public reports."""

MAX_TOKENS = (MAX_TILES + 1) * TILE_TOKENS
"""The most a picture was seen to cost: 1792 tokens."""

_REPORTED = (
    "public reports, not documented by xAI: 256 to 1792 tokens by size; tiles of 448x448 px at "
    "256 tokens, at most 6, and one more for the whole"
)
_UNKNOWN_SIZE = f"{_REPORTED}; the picture's size is not known, so the most is likely"


@dataclass(frozen=True)
class TokenEstimate:
    """A guess at tokens, with its range. What counts is ``usage`` on the response.

    Attributes:
        low: The least that is to be expected.
        likely: The best single guess.
        high: The most that is to be expected.
        source: Where the figures come from.
    """

    low: int
    likely: int
    high: int
    source: str = _REPORTED

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
    """Estimate what a picture costs, before sending it.

    The service documents no formula. The figures come from public reports: a picture is cut into
    tiles of 448x448 pixels, 256 tokens each, at most six, and one more shows the whole; "low" is
    one tile. As small pictures may be enlarged to fill more tiles, the range is wide.

    Args:
        width: Pixels across; None if not known, as for a picture at a web address.
        height: Pixels down; None if not known.
        detail: "auto" (the service chooses), "low" (faster, fewer tokens) or "high" (slower,
            more tokens).

    Returns:
        The least, likely and most tokens, and where that is from.

    Raises:
        InvalidRequestError: The detail is none of the three, or a side is no whole number above 0.
    """
    check_detail(detail)
    width = None if width is None else whole_number("width", width)
    height = None if height is None else whole_number("height", height)
    if detail == "low":
        return TokenEstimate(TILE_TOKENS, TILE_TOKENS, 2 * TILE_TOKENS)
    if width is None or height is None:
        return TokenEstimate(TILE_TOKENS, MAX_TOKENS, MAX_TOKENS, _UNKNOWN_SIZE)
    tiles = -(-width // TILE) * -(-height // TILE)
    return TokenEstimate(TILE_TOKENS, (min(tiles, MAX_TILES) + 1) * TILE_TOKENS, MAX_TOKENS)


def check_detail(detail: object) -> None:
    """Refuse a detail the service does not know.

    Raises:
        InvalidRequestError: It is none of "auto", "low" and "high".
    """
    if detail not in get_args(Detail):
        raise InvalidRequestError(
            f"detail has to be 'auto', 'low' or 'high', not {quoted(detail)}."
        )
