"""Names of test cases that are the same in every process, as pytest-xdist needs."""

from __future__ import annotations

import re


def readable(value: object) -> str:
    """Return the value as text, without memory addresses."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
