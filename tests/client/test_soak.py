"""Short runs of scripts/soak.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "scripts" / "soak.py"


def soak(*arguments: str) -> None:
    result = subprocess.run(
        [sys.executable, str(SOAK), *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.strip().endswith("soak: ok")


@pytest.mark.slow
def test_a_thousand_calls_under_faults():
    soak("--calls", "1000")


@pytest.mark.slow
def test_five_thousand_calls_under_faults():
    soak("--calls", "5000", "--seed", "7")
