"""Generated scans: pages of text, turned, blurred and compressed. A seed determines each."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageFont

JPEG_QUALITY = 60
_WORDS = """
    the delivery of goods was confirmed on invoice total amount please send payment within thirty
    days our customer number reference order item quantity unit price tax bank receipt
    warranty service office street north valid until returned damaged parts shipped express quality
    control passed inspection report measured value humidity temperature sensor machine operator
""".split()


@dataclass(frozen=True)
class Scan:
    """A page as a scanner sees it.

    Attributes:
        text: The text that is on it.
        image: The JPEG.
        angle: How far it is turned counterclockwise, in degrees.
        blur: The radius of the blur in pixels.
    """

    text: str
    image: bytes
    angle: float
    blur: float


def scan(seed: int, *, lines: int | None = None, quarter_turns: int | None = None) -> Scan:
    """Return a scan of a page.

    Args:
        seed: Determines everything that is not an argument.
        lines: The number of lines; by default 8 to 16.
        quarter_turns: How often it is turned by 90 degrees; by default every fourth scan is.
    """
    rng = random.Random(seed)
    text = [sentence(rng) for _ in range(lines or rng.randint(8, 16))]
    page = draw(text, rng.choice((22, 26, 30, 34)), rng)
    if quarter_turns is None:
        quarter_turns = rng.randint(1, 3) if seed % 4 == 3 else 0
    angle = 90 * quarter_turns + rng.uniform(-6, 6)
    blur = rng.uniform(0.4, 1.3)
    turned = page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=250)
    return Scan("\n".join(text), as_jpeg(turned, blur), angle, blur)


def sentence(rng: random.Random) -> str:
    """Return a line with words, amounts, numbers and dates."""
    words = [rng.choice(_WORDS) for _ in range(rng.randint(5, 8))]
    words[0] = words[0].capitalize()
    extras = [
        f"{rng.randint(1, 9999)}.{rng.randint(0, 99):02}",
        f"{rng.choice('ABCDEFGHKLMNPRSTUVWXYZ')}{rng.choice('ABDEFGH')}-{rng.randint(1000, 99999)}",
        f"20{rng.randint(20, 29)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    ]
    for extra in extras:
        if rng.random() < 0.4:
            words.insert(rng.randint(1, len(words)), extra)
    return " ".join(words) + rng.choice(".,:;")


def draw(text: list[str], size: int, rng: random.Random) -> Image.Image:
    """Return a page with lines of text in a font size of pixels."""
    font = ImageFont.load_default(size)
    pitch = round(size * 1.6)
    width = max(round(font.getlength(line)) for line in text) + 160
    page = Image.new("L", (width, pitch * len(text) + 160), rng.randint(235, 255))
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(text):
        pen.text((80, 80 + number * pitch), line, fill=rng.randint(0, 50), font=font)
    return page


def as_jpeg(page: Image.Image, blur: float = 0.0, **options: object) -> bytes:
    """Return an image as a JPEG of low quality."""
    file = io.BytesIO()
    blurred = page.filter(ImageFilter.GaussianBlur(blur)).convert("RGB")
    blurred.save(file, "JPEG", quality=JPEG_QUALITY, **options)
    return file.getvalue()


def code_image(name: str, text: str) -> Image.Image:
    """Return a code of a format of zxing-cpp, such as "QRCode" or "EAN13"."""
    import numpy as np
    import zxingcpp

    barcode = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, name))
    return Image.fromarray(np.asarray(barcode.to_image(scale=5)))


def edit_distance(first: str, second: str) -> int:
    """Return the minimum number of characters to insert, delete or replace."""
    previous = list(range(len(second) + 1))
    for row, character in enumerate(first, 1):
        current = [row]
        for column, other in enumerate(second, 1):
            replaced = previous[column - 1] + (character != other)
            current.append(min(previous[column] + 1, current[-1] + 1, replaced))
        previous = current
    return previous[-1]
