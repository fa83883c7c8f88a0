"""Counting: text as tokens, images as tokens, both as money."""

from __future__ import annotations

import math
import re
from typing import Final

from xai_vision.testing._settings import Settings

# Close to how real tokenizers cut English: words whole up to six letters with the blank before
# them, longer ones in parts, digits in threes, every other sign alone.
_PIECE: Final = re.compile(r" ?[^\W\d_]{1,6}|\d{1,3}| ?[^\w\s]|_|\s+|.", re.DOTALL)

VOCABULARY: Final = 131_072


def split(text: str) -> list[str]:
    """Cut ``text`` into tokens; joined they are the text again."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens ``text`` is."""
    return len(_PIECE.findall(text)) if text else 0


def token_id(piece: str) -> int:
    """A number for a token: the same one everywhere and always."""
    import zlib

    return zlib.crc32(piece.encode()) % VOCABULARY


def image_tokens(width: int, height: int, detail: str, settings: Settings) -> int:
    """How many tokens an image of this size in pixels is, by the formula in the settings.

    "low" is one tile. "high" and "auto" are all tiles and one more for the overview.
    """
    if detail == "low":
        return settings.tile_tokens
    side = settings.tile_side
    tiles = math.ceil(width / side) * math.ceil(height / side)
    return (min(tiles, settings.max_tiles) + 1) * settings.tile_tokens
