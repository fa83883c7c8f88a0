"""Names of test cases that are the same in every process, as running them in parallel needs."""

from __future__ import annotations

import re


def readable(value: object) -> str:
    """The value as text, without addresses in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
