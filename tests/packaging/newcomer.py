"""Run the README's Python blocks in order, as they are printed.

A newcomer has a key and the service. Here the variables XAI_API_KEY and XAI_API_HOST point at a
fake server; nothing of a block is changed. test_packages.py runs this program in fresh clones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.blocks import blocks, execute
from xai_vision.testing import FakeServer


def run_blocks(path: Path) -> int:
    """Run the blocks in this process, and their tests with pytest; return their number."""
    code_blocks = blocks(path)
    before = dict(os.environ)
    with FakeServer() as server:
        os.environ.update(XAI_API_KEY=server.api_key, XAI_API_HOST=server.target)
        try:
            for block in code_blocks:
                if "def test_" in block.code:
                    run_tests(block.code)
                else:
                    execute(block.code, f"{path.name}:{block.line}", {})
        finally:
            os.environ.clear()
            os.environ.update(before)
    return len(code_blocks)


def run_tests(code: str) -> None:
    """Save a block as a test file and run pytest in the current folder, with its plugins."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_readme.py"
        path.write_text(code, "utf-8")
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, str(path)],
            check=True,
            timeout=120,
        )


def main() -> None:
    import xai_vision

    found: Any = xai_vision.__file__
    assert "site-packages" in found, found
    print(f"\n{run_blocks(Path(sys.argv[1]))} blocks")


if __name__ == "__main__":
    main()
