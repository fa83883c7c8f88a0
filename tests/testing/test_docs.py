"""Every Python block of docs/testing.md runs, and every example of a docstring."""

from __future__ import annotations

import doctest
import re
import sys
from pathlib import Path

import pytest

from xai_vision import testing
from xai_vision.testing import match

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
BLOCKS = [
    block
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    if "eyes=True" not in block  # tests/testing/eyes runs these
]


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


def test_the_examples_of_docstrings():
    # The classes name their public module, so doctest.testmod() would not find them.
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    for name in [*testing.__all__, "match"]:
        value = match if name == "match" else getattr(testing, name)
        source = match if name == "match" else sys.modules[value.__init__.__module__]
        for test in finder.find(value, name, module=False, globs=dict(vars(source))):
            runner.run(test)
    results = runner.summarize()
    assert results.failed == 0
    assert results.attempted > 8
