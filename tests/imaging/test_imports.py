"""Lazy imports and the public names of the package."""

from __future__ import annotations

import subprocess
import sys

import xai_vision.imaging

SCRIPT = """
import sys
import xai_vision.imaging
from xai_vision.imaging import prepare_image, read_header
heavy = [name for name in ("PIL", "numpy", "pillow_heif") if name in sys.modules]
assert not heavy, heavy
prepare_image("https://example.com/a.jpg").url()
with open(sys.argv[1], "rb") as file:
    data = file.read()
prepared = prepare_image(data, strip_metadata=True)
prepared.url(), prepared.tokens, prepared.describe(), read_header(data)
heavy = [name for name in ("PIL", "numpy") if name in sys.modules]
assert not heavy, heavy
"""


def test_jpeg_and_png_need_neither_pillow_nor_numpy(tmp_path):
    from tests.sample_images import jpeg, png

    for data in (jpeg(), png()):
        path = tmp_path / "image"
        path.write_bytes(data)
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr


def test_all_names_exist():
    for name in xai_vision.imaging.__all__:
        assert getattr(xai_vision.imaging, name) is not None
    assert sorted(xai_vision.imaging.__all__, key=str.lower) == sorted(
        set(xai_vision.imaging.__all__), key=str.lower
    )
