"""The images of the script. They are made here, so that each run sends the same pixels."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import Any, Final

from xai_vision.proto import chat_pb2, image_pb2

MIB: Final = 1024 * 1024
_SEGMENT: Final = 65_533
DETAILS: Final = {
    "auto": image_pb2.DETAIL_AUTO,
    "low": image_pb2.DETAIL_LOW,
    "high": image_pb2.DETAIL_HIGH,
}


@lru_cache
def make_image(
    width: int, height: int, mode: str = "RGB", form: str = "JPEG", **options: Any
) -> bytes:
    """Return a file with red above blue."""
    from PIL import Image

    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, height // 2, width, height))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, form, **options)
    return buffer.getvalue()


def gray_16_bit() -> bytes:
    """Return a PNG file with 16 bits a pixel."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("I;16", (512, 512), 40_000).save(buffer, "PNG")
    return buffer.getvalue()


def padded(jpeg: bytes, size: int) -> bytes:
    """Return a JPEG file of a size: comments follow its first marker."""
    missing = size - len(jpeg)
    comments = []
    while missing > 0:
        # A comment has a marker and a length of two bytes each, and must leave room for the next.
        length = min(missing - 4, _SEGMENT)
        if 0 < missing - 4 - length < 4:
            length -= 4
        comments.append(b"\xff\xfe" + (length + 2).to_bytes(2, "big") + bytes(length))
        missing -= length + 4
    return jpeg[:2] + b"".join(comments) + jpeg[2:]


def data_url(data: bytes, media_type: str = "image/jpeg") -> str:
    """Return a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def part(source: bytes | str, media_type: str = "image/jpeg", detail: str = "auto") -> Any:
    """Return an image as a part of a message: the bytes of a file, or a URL."""
    url = source if isinstance(source, str) else data_url(source, media_type)
    return chat_pb2.Content(
        image_url=image_pb2.ImageUrlContent(image_url=url, detail=DETAILS[detail])
    )
