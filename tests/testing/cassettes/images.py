"""Images for the tests of cassettes."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def jpeg_bytes(color, size, quality=80):
    output = io.BytesIO()
    Image.new("RGB", size, color).save(output, "JPEG", quality=quality)
    return output.getvalue()


def png_bytes(rgb, size):
    output = io.BytesIO()
    Image.frombytes("RGB", size, rgb).save(output, "PNG")
    return output.getvalue()


def scene(side=96):
    """Return an image with shapes, which encoders write in different ways."""
    image = Image.new("RGB", (side, side), (225, 228, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, side // 2, side - 12), fill=(200, 40, 40))
    draw.ellipse((side // 2, 20, side - 6, side - 30), fill=(40, 80, 200))
    return image


def encode(image, format_="JPEG", **options):
    output = io.BytesIO()
    image.save(output, format_, **options)
    return output.getvalue()
