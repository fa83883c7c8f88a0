"""Make images of many kinds: photo, chart, scan, rotated, animated, huge.

    python examples/images.py OUTDIR

Everything is drawn here, from fixed seeds: two runs of one Pillow give the same bytes. Each builder
returns a whole file as bytes; ``SAMPLES`` lists them by file name.
"""

from __future__ import annotations

import io
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image, features

try:
    from examples.drawings import RED, badge, chart, corners, frames, noise, photo, scan
except ImportError:  # Run as a program from this folder.
    from drawings import RED, badge, chart, corners, frames, noise, photo, scan

MIB = 1024 * 1024
ORIENTATION = 0x0112

# How a camera stores an upright image for each EXIF orientation: the inverse of the reader's
# transposition.
_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


# --- as files ------------------------------------------------------------------------------------


def encode(image: Image.Image, file_format: str, **options: object) -> bytes:
    """Save an image in memory and return the file."""
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def jpeg(width: int = 640, height: int = 480, *, quality: int = 85, seed: int = 1) -> bytes:
    """Create a photo as an ordinary JPEG."""
    return encode(photo(width, height, seed), "JPEG", quality=quality)


def png(width: int = 640, height: int = 400) -> bytes:
    """Create a chart as an ordinary PNG."""
    return encode(chart(width, height), "PNG")


def rotated_jpeg(orientation: int, width: int = 48, height: int = 32) -> bytes:
    """Create a JPEG that has this size, and red at the top left, only with its EXIF orientation.

    Args:
        orientation: The EXIF orientation it carries, 1 to 8.
        width: The upright width in pixels.
        height: The upright height in pixels.
    """
    image = corners(width, height)
    how = _STORED[orientation]
    stored = image if how is None else image.transpose(how)
    return encode(stored, "JPEG", quality=95, subsampling=0, exif=exif(orientation))


def exif(orientation: int = 1) -> Image.Exif:
    """Return EXIF like that of a phone, with a location."""
    data = Image.Exif()
    data[ORIENTATION] = orientation
    data[0x010F] = "Camera maker"
    data[0x9286] = "A private remark"
    data[0x8825] = {1: "N", 2: (59.0, 54.0, 50.0), 3: "E", 4: (10.0, 45.0, 8.0)}
    return data


def private_jpeg(orientation: int = 6) -> bytes:
    """Create a JPEG with a location, a camera and a comment."""
    options: dict[str, object] = {"exif": exif(orientation), "comment": b"SECRET comment"}
    return encode(photo(320, 240), "JPEG", quality=85, **options)


def write_png(
    width: int, height: int, bits: int, color: int, rows: Iterable[bytes], *, level: int = 6
) -> bytes:
    """Create a PNG from its raw rows, for kinds that Pillow cannot save.

    Args:
        width: Pixels across.
        height: Pixels down.
        bits: Per sample: 1, 2, 4, 8 or 16.
        color: PNG's color type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA.
        rows: The rows' bytes, each without its filter byte.
        level: How hard to compress, 0 (stored) to 9.
    """
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), level)
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b""))
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    """Create a PNG chunk: length, kind, data and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gray16_png(width: int = 64, height: int = 32) -> bytes:
    """Create a gradient in 16-bit grayscale, from dark at the left to bright at the right."""
    row = struct.pack(f">{width}H", *(65535 * x // (width - 1) for x in range(width)))
    return write_png(width, height, 16, 0, [row] * height)


def rgb16_png(width: int = 64, height: int = 32) -> bytes:
    """Create a color ramp with 16 bits per channel."""
    row = b"".join(
        struct.pack(">3H", 65535 * x // (width - 1), 32768, 65535 - 65535 * x // (width - 1))
        for x in range(width)
    )
    return write_png(width, height, 16, 2, [row] * height)


# --- of a given size -----------------------------------------------------------------------------


def jpeg_of(size: int, seed: int = 2) -> bytes:
    """Create a JPEG of exactly ``size`` bytes (at least 4 KiB) that opens quickly."""
    edge = 64
    trial = len(_noisy_jpeg(edge, seed)) - 600
    edge = max(16, int((max(0, size - 700) * 0.96 * edge * edge / trial) ** 0.5) // 8 * 8)
    return _padded_jpeg(_noisy_jpeg(edge, seed), size)


def _noisy_jpeg(edge: int, seed: int) -> bytes:
    return encode(noise(edge, edge, seed), "JPEG", quality=90, subsampling=0)


def _padded_jpeg(data: bytes, size: int) -> bytes:
    """Add comments before the scan until the file has the requested size."""
    scan_starts = data.index(b"\xff\xda")
    room = size - len(data)
    parts = [data[:scan_starts]]
    while room:
        length = min(room, 65537)
        if 0 < room - length < 4:  # A segment has at least four bytes.
            length -= 4
        if length < 4:
            raise ValueError(f"a JPEG of {size} bytes cannot be made")
        parts.append(b"\xff\xfe" + struct.pack(">H", length - 2) + bytes(length - 4))
        room -= length
    parts.append(data[scan_starts:])
    return b"".join(parts)


def png_of(size: int, seed: int = 2) -> bytes:
    """Create a PNG of exactly ``size`` bytes (at least 1 KiB) that opens quickly."""
    edge = max(1, int(((size - 200) * 0.98 / 3) ** 0.5))
    data = random.Random(seed).randbytes(edge * edge * 3)
    step = edge * 3
    rows = (data[start : start + step] for start in range(0, len(data), step))
    made = write_png(edge, edge, 8, 2, rows, level=0)
    room = size - len(made) - 12
    if room < 0:
        raise ValueError(f"a PNG of {size} bytes cannot be made")
    return made[:-12] + chunk(b"paDd", bytes(room)) + made[-12:]


# --- all of them ---------------------------------------------------------------------------------


def _animated(file_format: str, **options: object) -> bytes:
    first, *rest = frames()
    return encode(first, file_format, save_all=True, append_images=rest, duration=80, **options)


def _palette(transparent: bool) -> bytes:
    if not transparent:
        return encode(chart().quantize(16), "PNG")
    return encode(badge().quantize(16), "PNG")


SAMPLES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": jpeg,
    "photo-progressive.jpg": lambda: encode(photo(), "JPEG", quality=85, progressive=True),
    "photo-gray.jpg": lambda: encode(photo().convert("L"), "JPEG"),
    "photo-cmyk.jpg": lambda: encode(photo(320, 240).convert("CMYK"), "JPEG", quality=90),
    "photo-private.jpg": private_jpeg,
    "photo-5mib.jpg": lambda: jpeg_of(5 * MIB),
    "photo-19.9mib.jpg": lambda: jpeg_of(int(19.9 * MIB)),
    "scan.jpg": lambda: encode(scan(), "JPEG", quality=80),
    "wide-8000.jpg": lambda: encode(photo(8000, 1000), "JPEG", quality=80),
    **{f"rotated-{n}.jpg": (lambda n=n: rotated_jpeg(n)) for n in range(1, 9)},
    "tiny.jpg": lambda: encode(Image.new("RGB", (1, 1), RED), "JPEG"),
    "chart.png": png,
    "tiny.png": lambda: encode(Image.new("RGB", (1, 1), RED), "PNG"),
    "alpha.png": lambda: encode(badge(), "PNG"),
    "gray-alpha.png": lambda: encode(badge().convert("LA"), "PNG"),
    "gray.png": lambda: encode(scan(200, 260), "PNG"),
    "gray16.png": gray16_png,
    "rgb16.png": rgb16_png,
    "palette.png": lambda: _palette(transparent=False),
    "palette-alpha.png": lambda: _palette(transparent=True),
    "bilevel.png": lambda: encode(scan(200, 260).convert("1"), "PNG"),
    "animated.png": lambda: _animated("PNG"),
    "noise-5mib.png": lambda: png_of(5 * MIB),
    "still.gif": lambda: encode(chart(320, 200), "GIF"),
    "animated.gif": lambda: _animated("GIF", loop=0),
    "photo.webp": lambda: encode(photo(), "WEBP", quality=80),
    "alpha.webp": lambda: encode(badge(), "WEBP", lossless=True),
    "animated.webp": lambda: _animated("WEBP"),
    "photo.bmp": lambda: encode(photo(320, 240), "BMP"),
    "photo.tiff": lambda: encode(photo(320, 240), "TIFF"),
    "fax.tiff": lambda: encode(scan(400, 500).convert("1"), "TIFF", compression="group4"),
    "cmyk.tiff": lambda: encode(photo(320, 240).convert("CMYK"), "TIFF"),
    "pages.tiff": lambda: _animated("TIFF"),
    "icon.ico": lambda: encode(badge(), "ICO"),
    "photo.jp2": lambda: encode(photo(320, 240), "JPEG2000"),
    "photo.ppm": lambda: encode(photo(320, 240), "PPM"),
}
if "avif" in features.modules and features.check("avif"):
    SAMPLES["photo.avif"] = lambda: encode(photo(320, 240), "AVIF", quality=70)


def make_all(folder: Path) -> list[Path]:
    """Write every sample into a folder, creating it if needed; return the files' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, build in SAMPLES.items():
        path = folder / name
        path.write_bytes(build())
        paths.append(path)
    return paths


def main() -> None:
    """Write the samples into the folder named on the command line and list them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "images")
    for path in make_all(folder):
        print(f"{path.stat().st_size:>10,}  {path}")


if __name__ == "__main__":
    main()
