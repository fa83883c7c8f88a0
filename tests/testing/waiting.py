"""Waiting in tests: for events, with a limit that only a broken program reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LIMIT = 60
"""Seconds that a busy machine may take for anything."""


def until(condition: Callable[[], Any]) -> None:
    """Wait until ``condition()`` is true; fail after ``LIMIT`` seconds."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the condition did not become true")
        time.sleep(0.005)
