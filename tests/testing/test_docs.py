"""Every Python block of docs/testing.md runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.peer
@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_code_runs(block, pytester, monkeypatch, request, capsys):
    if "def test_" not in block:
        exec(compile(block, "docs/testing.md", "exec"), {"__name__": "block"})
        return
    monkeypatch.setenv("PYTHONPATH", str(request.config.rootpath))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_block=block)
    pytester.runpytest_subprocess("-p", "xai_vision.pytest_plugin").assert_outcomes(passed=1)


def test_code_is_found():
    assert len(BLOCKS) > 5
