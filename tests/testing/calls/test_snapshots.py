"""The snapshot recipes of docs/testing.md.

Collected only where syrupy is installed; CI does that in an environment of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "testing.md"
BLOCKS = re.findall(r"```py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def recipe(words):
    [block] = [block for block in BLOCKS if words in block]
    return block


def test_syrupy(pytester):
    code = recipe("test_greeting(xai_env, snapshot)")
    path = pytester.makepyfile(test_it=code)
    pytester.runpytest_subprocess("--snapshot-update").assert_outcomes(passed=1)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    path.write_text(code.replace("Hello!", "Good evening!"))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Good evening!*"])


def test_syrupy_with_the_json_of_all_calls(pytester):
    """Text with a call for each line of a program, in any order of keys."""
    code = recipe("test_greeting(xai_env, snapshot)").replace(
        "calls.last.to_dict()", "calls.to_json()"
    )
    pytester.makepyfile(test_it=code)
    pytester.runpytest_subprocess("--snapshot-update").assert_outcomes(passed=1)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_inline_snapshot(pytester):
    pytest.importorskip("inline_snapshot")
    code = recipe("from inline_snapshot import snapshot")
    pytester.makepyfile(test_it=code)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    pytester.makepyfile(test_it=code.replace("temperature=0.5", "temperature=0.75"))
    result = pytester.runpytest_subprocess()
    assert result.parseoutcomes().get("passed") is None
    result.stdout.fnmatch_lines(["*0.75*"])
