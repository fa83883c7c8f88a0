"""Words for messages."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, noun: str) -> str:
    """``3 calls``, ``1 call``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
