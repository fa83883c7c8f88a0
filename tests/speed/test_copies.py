"""Run count_copies.py in a separate process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("count_copies.py")


def test_number_of_copies_of_an_image():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(FILE)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=FILE.parents[2])
    assert result.returncode == 0, result.stdout[-5000:]
    assert re.search(r"^2[0-9] passed", result.stdout, re.MULTILINE), result.stdout[-500:]
