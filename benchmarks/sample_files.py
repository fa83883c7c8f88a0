"""The files of the benchmarks of image preparation, drawn once with Pillow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops

MANY = 200


def _photo(side: int, noise: int) -> Image.Image:
    """Draw a noisy photo of RGB gradients."""
    grain = Image.effect_noise((side, side), noise)
    shades = [Image.radial_gradient("L"), Image.linear_gradient("L")]
    shades.append(shades[1].transpose(Image.Transpose.ROTATE_90))
    bands = [ImageChops.add(shade.resize((side, side)), grain, 2) for shade in shades]
    return Image.merge("RGB", bands)


def _chart(side: int) -> Image.Image:
    """Draw RGB gradients without noise."""
    shade = Image.linear_gradient("L").resize((side, side))
    turned = shade.transpose(Image.Transpose.ROTATE_90)
    return Image.merge("RGB", [shade, turned, ImageChops.invert(shade)])


def _many(suffix: str, **options: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        folder.mkdir()
        whole = _photo(16 * 25, 20)
        for number in range(MANY):
            left, top = number % 10 * 8, number // 10 * 8
            image = whole.crop((left, top, left + 240, top + 240))
            image.save(folder / f"{number}{suffix}", **options)

    return make


_FILES: dict[str, Callable[[Path], None]] = {
    "27-mpx.jpg": lambda path: _photo(5200, 60).save(path, quality=92),
    "large.jpg": lambda path: _photo(5200, 60).save(path, quality=98),
    "100-mpx.png": lambda path: _chart(10_000).save(path, compress_level=1),
    "64-mpx.png": lambda path: _chart(8000).save(path, compress_level=1),
    "small.png": lambda path: _chart(64).save(path),
    "small.jpg": lambda path: _photo(64, 20).save(path),
    "jpegs": _many(".jpg", quality=90),
    "webps": _many(".webp", quality=90),
}


# The jobs that warm up, on a small file, need other arguments.
_WARM_UP = {"max_side": "max_side=32", "max_bytes": "max_bytes=900"}


def preparation_command(folder: Path, job: str, file: str) -> list[str]:
    """Return the arguments of preparing.py: a job and its file, and the same for the warm-up."""
    warm_up_job = _WARM_UP.get(job.partition("=")[0], job)
    kind = "jpg" if file == "jpegs" else file.rpartition(".")[2]
    warm_up_file = file if file == "webps" else f"small.{kind}"
    paths = (str(sample_file(folder, name)) for name in (file, warm_up_file))
    return [job, next(paths), warm_up_job, next(paths)]


def sample_file(folder: Path, name: str) -> Path:
    """Return the path of a file, or of a folder of files, and draw it on first use."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{os.getpid()}-{name}"
        _FILES[name](unfinished)
        unfinished.rename(path)
    return path
