"""When the parts of a call happened. Only the inspector and reports of tests record it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

# Later chunks are counted only, so that a long stream does not fill the log.
_MAX_CHUNKS: Final = 5_000
# The memory of a chunk or an event without its text; measured, and rounded up.
_ENTRY_BYTES: Final = 200


@dataclass(slots=True)
class CallTrace:
    """The events and the chunks of a call.

    Attributes:
        arrived: When the call began to wait for a thread, if that is before ``Call.started``.
        events: Tuples (time, kind, text) in order. The time is in ``time.monotonic()`` seconds.
        chunks: Tuples (time, text, reasoning) of the chunks of a stream, likewise.
        more_chunks: The number of chunks after those in ``chunks``.
        size: The memory of the trace in bytes, estimated.
    """

    arrived: float | None = None
    events: list[tuple[float, str, str]] = field(default_factory=list)
    chunks: list[tuple[float, str, str]] = field(default_factory=list)
    more_chunks: int = 0
    size: int = 0

    def add_event(self, kind: str, text: str) -> None:
        """Add an event that happens now."""
        self.events.append((time.monotonic(), kind, text))
        self.size += _ENTRY_BYTES + len(text)

    def add_chunk(self, chunk: Any) -> None:
        """Add a message of a stream that is sent now."""
        if len(self.chunks) >= _MAX_CHUNKS:
            self.more_chunks += 1
            return
        deltas = [output.delta for output in getattr(chunk, "outputs", ())]
        text = "".join(delta.content for delta in deltas)
        reasoning = "".join(delta.reasoning_content for delta in deltas)
        self.chunks.append((time.monotonic(), text, reasoning))
        self.size += _ENTRY_BYTES + len(text) + len(reasoning)
