"""Images with an orientation in their metadata, and comparisons of turned images."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps

ORIENTATIONS = range(2, 9)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TURN = Image.Transpose
BY_HAND = {6: TURN.ROTATE_270, 8: TURN.ROTATE_90, 3: TURN.ROTATE_180}


def scene(width=48, height=32):
    """Return an image without symmetry, smooth enough for JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    blue = np.where((x < width / 2) & (y < height / 2), 220, 40)
    return Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8))


def encode(image, name, orientation, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, name, exif=exif, **options)
    return out.getvalue()


def reference(data):
    """Return the upright image, as Pillow turns it."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data)))


def pixels(image):
    return np.asarray(image.convert("RGB"), dtype=int)


def sent(prepared):
    """Return the pixels of the bytes that are sent, as a server that ignores EXIF sees them."""
    return Image.open(io.BytesIO(prepared.read()))


def difference(first, second):
    return np.abs(pixels(first) - pixels(second)).mean()
