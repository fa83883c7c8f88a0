"""Work is counted, for a count does not depend on the clock."""

from __future__ import annotations

import sys


def calls_of(work):
    """How many functions, of Python or of C, are called meanwhile."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
