"""Preparing images, side by side with the plain Pillow program that does the same.

    python -m benchmarks.preparing pillow|xai_vision JOB FILE WARM_UP_JOB WARM_UP_FILE

Every job runs once in a new process after a warm-up with a small image, because the peak memory of
a process can be measured only once.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.meter import Peak, Spent

Image.MAX_IMAGE_PIXELS = None  # The files are ours.


class PlainPillow:
    """The jobs as a short program with Pillow does them; each returns what is to be sent."""

    def url(self, path: Path) -> str:
        with Image.open(path) as image:
            label = f"data:image/{image.format.lower()};base64,"
        return label + base64.b64encode(path.read_bytes()).decode()

    def verify(self, path: Path) -> None:
        with Image.open(path) as image:
            image.load()

    def max_side(self, path: Path, side: int) -> bytes:
        with Image.open(path) as image:
            name = image.format
            image.thumbnail((side, side))
            return _encode(image, name, **({"quality": 95} if name == "JPEG" else {}))

    def max_bytes(self, path: Path, size: int) -> bytes:
        image = Image.open(path)
        while len(data := _encode(image, "JPEG", quality=85)) > size:
            image = image.resize((image.width * 3 // 4, image.height * 3 // 4))
        return data

    def fit(self, path: Path) -> bytes:
        with Image.open(path) as image:
            return _encode(image, "JPEG", quality=95)

    def to_png(self, path: Path) -> bytes:
        with Image.open(path) as image:
            return _encode(image, "PNG")

    def image_to_png(self, image: Image.Image) -> bytes:
        return _encode(image, "PNG")

    def array_to_png(self, array: Any) -> bytes:
        return _encode(Image.fromarray(array), "PNG")


def _encode(image: Image.Image, name: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


class OurPreparation:
    """The jobs with ``prepare_image``."""

    def __init__(self) -> None:
        from xai_vision.imaging import prepare_image

        def prepare(source: Any, **options: Any) -> Any:
            return prepare_image(source, max_pixels=200_000_000, **options)

        self._prepare = prepare

    def url(self, path: Path) -> str:
        return self._prepare(path).url()

    def verify(self, path: Path) -> None:
        self._prepare(path, verify=True)

    def max_side(self, path: Path, side: int) -> bytes:
        return self._prepare(path, max_side=side).read()

    def max_bytes(self, path: Path, size: int) -> bytes:
        return self._prepare(path, max_bytes=size).read()

    def fit(self, path: Path) -> bytes:
        return self._prepare(path, limit=path.stat().st_size - 1, fit=True).read()

    def to_png(self, path: Path) -> bytes:
        return self._prepare(path).read()

    def image_to_png(self, image: Image.Image) -> bytes:
        return self._prepare(image).read()

    def array_to_png(self, array: Any) -> bytes:
        return self._prepare(array).read()


PROGRAMS: dict[str, type[PlainPillow] | type[OurPreparation]] = {
    "pillow": PlainPillow,
    "xai_vision": OurPreparation,
}


def _work(program: str, job: str, path: Path) -> Callable[[], object]:
    """Return the job as a function; what it starts from is made before the measurement."""
    name, _, argument = job.partition("=")
    function = getattr(PROGRAMS[program](), name)
    if name == "image_to_png":
        with Image.open(path) as image:
            image.load()
        return lambda: function(image)
    if name == "array_to_png":
        import numpy as np

        array = np.asarray(Image.open(path))
        return lambda: function(array)
    arguments = (int(argument),) if argument else ()
    if path.is_dir():
        paths = sorted(path.iterdir())
        return lambda: [function(each, *arguments) for each in paths]
    return lambda: function(path, *arguments)


def main() -> None:
    program, job, file, warm_up_job, warm_up_file = sys.argv[1:]
    _work(program, warm_up_job, Path(warm_up_file))()
    work = _work(program, job, Path(file))
    for _ in sys.stdin:
        with Peak() as peak, Spent() as spent:
            result = work()
        size = len(result) if isinstance(result, bytes) else 0
        measured = {"cpu": spent.cpu * 1e3, "memory": peak.mib, "size": size / 2**20}
        print("result", repr(measured), flush=True)


if __name__ == "__main__":
    main()
