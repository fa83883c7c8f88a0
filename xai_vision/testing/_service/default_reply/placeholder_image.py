"""The picture a fake image generation makes: one colour, chosen by the prompt."""

from __future__ import annotations

import base64
import json
import struct
import uuid
import zlib

from xai_vision.testing._service.response import tokens

__all__ = ["generated", "plain_png"]

_SIDE = 64


def generated(prompt: str) -> str:
    """What the image generation tool gives back for a prompt, as JSON text.

    The form was found by trying what the official SDK accepts as one: a type, an id, and the
    picture as a data URL.
    """
    colour = tokens.token_id(prompt)
    png = plain_png(_SIDE, (colour & 255, colour >> 4 & 255, colour >> 9 & 255))
    return json.dumps(
        {
            "__type": "image_generation_result",
            "image_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, prompt)),
            "result": f"data:image/png;base64,{base64.b64encode(png).decode()}",
        }
    )


def plain_png(side: int, colour: tuple[int, int, int]) -> bytes:
    """Make a square PNG of one colour."""
    rows = (b"\0" + bytes(colour) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
