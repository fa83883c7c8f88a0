"""Count the tokens of texts and images."""

from __future__ import annotations

import math
import re
import zlib
from typing import Final

from xai_vision.testing._settings import Settings

# Similar to real tokenizers for English: a word of up to six letters is a token together with the
# space before it, a longer word is several tokens, and a token has up to three digits.
_TOKEN: Final = re.compile(r" ?[^\W\d_]{1,6}|\d{1,3}| ?[^\w\s]|_|\s+|.", re.DOTALL)
_VOCABULARY_SIZE: Final = 131_072


def split(text: str) -> list[str]:
    """Split a text into tokens."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """Return the number of tokens in a text."""
    return len(split(text))


def token_id(token: str) -> int:
    """Return the id of a token, which is the same in every process."""
    return zlib.crc32(token.encode()) % _VOCABULARY_SIZE


def image_tokens(width: int, height: int, detail: str, settings: Settings) -> int:
    """Return the number of tokens of an image, by the formula in the settings.

    With the detail "low" an image counts as one tile. With "high" and "auto" all its tiles count,
    and one more for the overview.

    Args:
        width: The width in pixels.
        height: The height in pixels.
        detail: The detail.
        settings: The settings with the size, the maximum number and the tokens of tiles.
    """
    if detail == "low":
        return settings.tile_tokens
    side = settings.tile_side
    tiles = math.ceil(width / side) * math.ceil(height / side)
    return (min(tiles, settings.max_tiles) + 1) * settings.tile_tokens
