"""The record of the content of an upload."""

from __future__ import annotations

from dataclasses import dataclass

from xai_vision.testing._calls.changes import call_ended, refuse_in_event_loop


@dataclass
class ReceivedUpload:
    """The content of an uploaded file, whose bytes the log does not keep.

    Attributes:
        size: The number of bytes received so far.
        chunks: The number of chunks received so far.
        largest_chunk: The number of bytes of the largest chunk.
        sha256: The SHA-256 of the content in hexadecimal; "" until the upload is complete.
    """

    size: int = 0
    chunks: int = 0
    largest_chunk: int = 0
    sha256: str = ""

    def add(self, size: int) -> None:
        """Count a chunk; wakes those who wait for chunks."""
        with call_ended:
            self.size += size
            self.chunks += 1
            self.largest_chunk = max(self.largest_chunk, size)
            call_ended.notify_all()

    def wait_for(self, chunks: int, timeout: float = 5.0) -> bool:
        """Wait until a number of chunks has arrived.

        Args:
            chunks: The number of chunks.
            timeout: Seconds to wait at most.

        Returns:
            Whether they have arrived.

        Raises:
            RuntimeError: An event loop runs in this thread. Use
                ``await call.upload.wait_for_async()``.
        """
        refuse_in_event_loop("call.upload.wait_for()", "call.upload.wait_for_async(...)")
        return call_ended.wait_until(lambda: self.chunks >= chunks, timeout)

    async def wait_for_async(self, chunks: int, timeout: float = 5.0) -> bool:
        """Wait in an async test until a number of chunks has arrived; see ``wait_for``."""
        return await call_ended.wait_until_async(lambda: self.chunks >= chunks, timeout)
