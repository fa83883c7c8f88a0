"""Draw the content of the sample images: photo, chart, scan, receipts, screenshots and others."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageFont

# The colors of `corners()`, which distinguish all orientations.
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 170, 60), (40, 60, 210), (240, 210, 40)


def photo(width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
    """Draw a landscape with soft light and some grain, so that it compresses like a photo."""
    rng = random.Random(seed)
    sky = Image.linear_gradient("L").resize((width, height))
    image = Image.merge(
        "RGB",
        (
            sky.point(lambda v: 90 + v // 3),
            sky.point(lambda v: 140 + v // 4),
            sky.point(lambda v: 230 - v // 3),
        ),
    )
    draw = ImageDraw.Draw(image)
    for depth in range(4):
        level = height * (0.45 + 0.13 * depth)
        ridge = [
            (width * step / 16, level + rng.uniform(-0.09, 0.05) * height) for step in range(17)
        ]
        ridge += [(width, height), (0, height)]
        draw.polygon(ridge, fill=(70 - 12 * depth, 110 - 16 * depth, 80 - 15 * depth))
    sun = min(width, height) // 12
    draw.ellipse((width * 0.7, height * 0.15, width * 0.7 + 2 * sun, height * 0.15 + 2 * sun), RED)
    return Image.blend(image, noise(width, height, seed), 0.06)


def noise(width: int, height: int, seed: int = 2) -> Image.Image:
    """Draw color noise, which hardly compresses."""
    data = random.Random(seed).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), data)


def chart(width: int = 640, height: int = 400) -> Image.Image:
    """Draw a bar chart with labels: few colors and sharp edges."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default()
    left, bottom = 50, height - 40
    draw.line([(left, 20), (left, bottom), (width - 20, bottom)], fill="black", width=2)
    values = {"Mon": 31, "Tue": 54, "Wed": 78, "Thu": 42, "Fri": 95, "Sat": 12, "Sun": 8}
    room = (width - left - 30) / len(values)
    for place, (day, value) in enumerate(values.items()):
        x = left + 15 + place * room
        top = bottom - (bottom - 40) * value / 100
        draw.rectangle((x, top, x + room * 0.6, bottom - 2), fill=BLUE if value < 50 else GREEN)
        draw.text((x, top - 14), str(value), fill="black", font=font)
        draw.text((x, bottom + 8), day, fill="black", font=font)
    draw.text((left + 10, 8), "Parcels per day", fill="black", font=font)
    return image


def scan(width: int = 850, height: int = 1100) -> Image.Image:
    """Draw a scanned page of text: gray, slightly tilted and slightly dirty."""
    page = Image.new("L", (width, height), 247)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default()
    lines = [
        f"RECEIPT No. {1000 + n}   item {n:02d} ......... {n * 1.25:6.2f} EUR" for n in range(60)
    ]
    for row, text in enumerate(lines[: (height - 120) // 16]):
        draw.text((70, 60 + 16 * row), text, fill=30, font=font)
    tilted = page.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=247)
    return Image.blend(tilted, noise(width, height, seed=3).convert("L"), 0.05)


def corners(width: int = 48, height: int = 32) -> Image.Image:
    """Draw four colored quarters, red and green above blue and yellow, to show the orientation."""
    image = Image.new("RGB", (width, height))
    x, y = width // 2, height // 2
    for box, color in {
        (0, 0, x, y): RED,
        (x, 0, width, y): GREEN,
        (0, y, x, height): BLUE,
        (x, y, width, height): YELLOW,
    }.items():
        image.paste(color, box)
    return image


def badge(size: int = 96) -> Image.Image:
    """Draw a disc: opaque in the middle, with a soft edge and transparent corners."""
    image = corners(size, size).convert("RGBA")
    image.putalpha(Image.radial_gradient("L").resize((size, size)).point(_soft_edge))
    return image


def _soft_edge(distance: int) -> int:
    return max(0, min(255, (150 - distance) * 6))


def frames(count: int = 4, size: int = 64) -> list[Image.Image]:
    """Draw the frames of an animation of a moving dot."""
    images = []
    for place in range(count):
        image = corners(size, size)
        x = 4 + place * (size - 16) // max(1, count - 1)
        ImageDraw.Draw(image).ellipse((x, 24, x + 8, 32), fill="white")
        images.append(image)
    return images


RECEIPTS = {
    "receipt-1.png": ("CORNER CAFE", "2026-03-02", {"2 espresso": "5.20", "1 cheesecake": "4.80"}),
    "receipt-2.png": ("BOOKS & MORE", "2026-03-05", {"1 atlas": "24.00", "discount": "-4.00"}),
}


def receipt(name: str) -> Image.Image:
    """Draw one of the receipts."""
    shop, day, items = RECEIPTS[name]
    total = sum(round(float(price) * 100) for price in items.values()) / 100
    lines = [shop, day, ""]
    lines += [
        f"{item:<18}{price:>8}" for item, price in {**items, "TOTAL EUR": f"{total:.2f}"}.items()
    ]
    page = Image.new("L", (360, 60 + 26 * len(lines)), 250)
    draw = ImageDraw.Draw(page)
    for row, text in enumerate(lines):
        draw.text((30, 30 + 26 * row), text, fill=20, font=ImageFont.load_default(16))
    return page


def form(button: tuple[int, int, int], *, error: bool) -> Image.Image:
    """Draw a screenshot of a sign-up form."""
    page = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(16)
    draw.text((40, 30), "Sign up", fill="black", font=ImageFont.load_default(24))
    for top, label in ((90, "Name"), (150, "Email")):
        draw.text((40, top), label, fill="black", font=font)
        draw.rectangle((140, top - 6, 440, top + 26), outline="gray")
    if error:
        draw.text((140, 182), "This address is not valid.", fill=RED, font=font)
    draw.rectangle((140, 220, 260, 260), fill=button)
    draw.text((165, 230), "Continue", fill="white", font=font)
    return page


SCREENSHOTS = {
    "before.png": lambda: form(BLUE, error=False),
    "after.png": lambda: form(GREEN, error=True),
}
