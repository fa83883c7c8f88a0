#!/usr/bin/env python3
"""Write the sample images into a folder, or those of docs/images.md into docs/img.

python scripts/make_images.py OUTDIR
python scripts/make_images.py --docs
"""

import io
import sys
from pathlib import Path

from PIL import Image, ImageFile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examples import drawings, images  # needs sys.path from above
from xai_vision.imaging import prepare_image

ROOT = Path(__file__).resolve().parents[1]
SIDE = 96


def illustrate(folder: Path) -> None:
    """Draw the sources and results that docs/images.md shows."""
    folder.mkdir(parents=True, exist_ok=True)
    photo, badge = drawings.photo(SIDE * 4 // 3, SIDE), drawings.badge(SIDE)
    on_white = Image.alpha_composite(Image.new("RGBA", badge.size, "white"), badge)
    by_name = {
        "photo": photo,
        "sideways-given": photo.transpose(Image.Transpose.ROTATE_90),
        "alpha-given": on_squares(badge),
        "alpha-white": on_white.convert("RGB"),
        "animated-sent": prepare_image(images.SAMPLES["animated.gif"]()).pil(),
        "truncated-given": half(images.encode(photo, "JPEG", quality=85)),
    }
    for name, image in by_name.items():
        image.convert("RGB").quantize(96).save(folder / f"{name}.png", optimize=True)
    (folder / "animated-given.gif").write_bytes(images.SAMPLES["animated.gif"]())


def on_squares(image: Image.Image) -> Image.Image:
    """Put a transparent image on the usual gray squares."""
    background = Image.new("RGBA", image.size, "white")
    for x in range(0, image.width, 8):
        for y in range(x // 8 % 2 * 8, image.height, 16):
            background.paste((204, 204, 204, 255), (x, y, x + 8, y + 8))
    return Image.alpha_composite(background, image)


def half(data: bytes) -> Image.Image:
    """Decode the first half of a file, like a tolerant viewer."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    with Image.open(io.BytesIO(data[: len(data) // 2])) as image:
        image.load()
        return image.copy()


if __name__ == "__main__":
    if sys.argv[1:] == ["--docs"]:
        illustrate(ROOT / "docs" / "img")
    else:
        images.main()
