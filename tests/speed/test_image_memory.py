"""The peak memory of encoding a Pillow image, compared with Pillow's own save."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STATUS = Path("/proc/self/status")

# VmHWM starts anew with a program, ru_maxrss with the size of the process that started it.
PROGRAM = """
import io
from pathlib import Path
from PIL import Image
from xai_vision import prepare_image

prepare_image(Image.new("RGB", (8, 8)), max_bytes=10**6)  # imports everything
image = Image.new("RGB", (8000, 8000), "teal")
{action}
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


def peak(action):
    """Return the peak resident memory of a program in KiB."""
    command = [sys.executable, "-c", PROGRAM.format(action=action)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("ours", "pillows"),
    [
        ("prepare_image(image)", "image.save(io.BytesIO(), 'PNG')"),
        ("prepare_image(image, max_bytes=10**7)", "image.save(io.BytesIO(), 'PNG')"),
    ],
)
def test_encoding_does_not_copy_the_pixels(ours, pillows):
    assert peak(ours) <= 1.1 * peak(pillows)
