"""The modes of cassettes, for programs that do not need the fake server to name them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

RecordMode: TypeAlias = Literal["none", "once", "new_episodes", "all", "rewrite"]
"""Which calls are recorded; see ``xai_vision.testing.Settings``."""
RECORD_MODES: Final[tuple[RecordMode, ...]] = ("none", "once", "new_episodes", "all", "rewrite")
