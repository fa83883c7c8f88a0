"""The image a fake image generation makes: one color, chosen by the prompt."""

from __future__ import annotations

import base64
import json
import struct
import uuid
import zlib

from xai_vision.testing._service.response import tokens

_SIDE = 64


def image_generation_result(prompt: str) -> str:
    """What the image generation tool gives back for a prompt, as JSON text.

    The form was found by trying what the official SDK accepts as one: a type, an id, and the
    image as a data URL.
    """
    color = tokens.token_id(prompt)
    png = placeholder_png(_SIDE, (color & 255, color >> 4 & 255, color >> 9 & 255))
    return json.dumps(
        {
            "__type": "image_generation_result",
            "image_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, prompt)),
            "result": f"data:image/png;base64,{base64.b64encode(png).decode()}",
        }
    )


def placeholder_png(side: int, color: tuple[int, int, int]) -> bytes:
    """Make a square PNG of one color."""
    rows = (b"\0" + bytes(color) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
