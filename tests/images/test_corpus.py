"""The corpus of scripts/corpus.py, where it was fetched before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "pillow-sdist"


@pytest.mark.slow
@pytest.mark.skipif(not CACHE.exists(), reason="run scripts/corpus.py once to fetch it")
def test_the_corpus():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "corpus.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
