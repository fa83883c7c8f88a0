"""Run the README's Python blocks in order.

test_packages.py runs this program in an environment that has the built wheel but not this tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import xai_vision
from tests.blocks import blocks, execute, fill_urls, pointed_at
from xai_vision.testing import FakeServer


def main() -> None:
    assert "site-packages" in xai_vision.__file__, xai_vision.__file__
    namespace: dict[str, object] = {}
    with FakeServer() as server:
        os.environ["XAI_API_KEY"] = server.api_key
        fill_urls(server, ("https://example.com/photo.jpg",))
        code_blocks = blocks(Path(sys.argv[1]))
        for block in code_blocks:
            code = block.code
            if "FakeServer" not in code:
                code = pointed_at(code, server.target)
            execute(code, f"README.md:{block.line}", namespace)
        print(f"\n{len(code_blocks)} blocks, {len(server.calls)} calls")


main()
