"""count_copies.py, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("count_copies.py")


def test_how_often_a_picture_is_held():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=FILE.parents[2])
    assert done.returncode == 0, done.stdout[-5000:]
    assert re.search(r"^2[0-9] passed", done.stdout, re.MULTILINE), done.stdout[-500:]
