"""Every error of the package is in ``troubleshooting.md``."""

from __future__ import annotations

import re
from pathlib import Path

from xai_vision import errors

PAGE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"


def test_each_error_has_one_row():
    names = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(names) == sorted(errors.__all__)


def test_api_errors_are_in_the_first_table():
    first, _, rest = PAGE.read_text().partition("## Errors before a call")
    for name in errors.__all__:
        is_api_error = issubclass(getattr(errors, name), errors.APIError)
        assert f"\n| `{name}` |" in (first if is_api_error else rest), name
