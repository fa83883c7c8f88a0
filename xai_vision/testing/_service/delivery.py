"""The delivery of a response: its delays, and the faults that interrupt it.

This module is independent of the transport, which translates the errors raised here.
"""

from __future__ import annotations

import random
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from xai_vision.testing._service.response import chunking, tokens
from xai_vision.testing._thread_pool import release_slot

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._errors import ServiceError
    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._rules.reply import Reply


# A length prefix of 2**63 without data: protobuf cannot parse it.
MALFORMED_MESSAGE = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
_FOREVER = 1e6


class ClientDisconnected(Exception):  # noqa: N818 - not an error of the server
    """The client disconnected, or the server was stopped, while the delivery waited."""


class _Lookahead:
    """An iterator that can be asked whether it has more items."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._known: deque[Any] = deque()

    def _has(self, count: int) -> bool:
        self._known.extend(islice(self._items, max(0, count - len(self._known))))
        return len(self._known) >= count

    @property
    def at_end(self) -> bool:
        """Whether there are no more items."""
        return not self._has(1)

    @property
    def at_last(self) -> bool:
        """Whether there is at most one more item."""
        return not self._has(2)

    def take(self) -> Any:
        """Return the next item."""
        return self._known.popleft()


def _is_due(fault: Fault, index: int, remaining: _Lookahead) -> bool:
    """Return whether a fault is due before the chunk at an index.

    A fault after more chunks than there are is due at the end. A truncated stream lacks its last
    chunk, which has the finish reason.
    """
    if (fault.chunks or 0) <= index or remaining.at_end:
        return True
    return fault.kind == "truncate" and remaining.at_last


class ResponseDelivery:
    """The delivery of the response to one call.

    Attributes:
        faults: The faults to apply.
        reply: The reply that the response is built from, with its delays; None if the response
            is not built from a reply.
        malformed: Whether a malformed message is sent instead of the response.
        lost: Whether a connection fault keeps the response from the client.

    Args:
        record: The record of the call.
        rng: The source of random delays.
    """

    def __init__(self, record: Call, rng: random.Random) -> None:
        self.faults: Sequence[Fault] = ()
        self.reply: Reply | None = None
        self.malformed = False
        self.lost = False
        self._record = record
        self._rng = rng
        self._released = threading.Event()
        self._on_release: list[Callable[[], None]] = []
        self._on_connection_fault: Callable[[], None] | None = None
        # At most one function. A list, because pop() gives it to only one of two threads.
        self._return_reply: list[Callable[[bool], None]] = []

    def reserve_reply(self, return_reply: Callable[[bool], None]) -> None:
        """Register the function that returns the reply to its rule.

        Args:
            return_reply: The function. Its argument is ``uncertain``; see the method
                ``return_reply``.
        """
        self._return_reply.append(return_reply)
        if self.lost:
            self.return_reply()

    def commit_reply(self) -> None:
        """Never return the reply to its rule, because the rule itself injects the fault."""
        self._return_reply.clear()

    def return_reply(self, *, uncertain: bool = False) -> None:
        """Return the reply to its rule, because a fault keeps the response from the client.

        Call this before the client can notice the fault, as the client may retry at once.

        Args:
            uncertain: Whether the client may have received the response.
        """
        with suppress(IndexError):
            self._return_reply.pop()(uncertain)

    @property
    def connection_fault(self) -> Fault | None:
        """The fault to apply to the connection, if any."""
        return next((fault for fault in self.faults if fault.on_connection), None)

    @property
    def is_interrupted(self) -> bool:
        """Whether a fault keeps the response, or a part of it, from the client."""
        return any(fault.kind != "latency" for fault in self.faults)

    @property
    def is_replaced(self) -> bool:
        """Whether a fault takes the place of a response that is not streamed."""
        return any(fault.kind in ("hang", "malformed") for fault in self.faults)

    def raise_early_fault(self) -> None:
        """Apply a status fault that is due before the response.

        Raises:
            ServiceError: The fault ends the call with a status. ``wait_for_error`` delays it.
        """
        for fault in self.faults:
            in_stream = self._record.stream or self._on_connection_fault is not None
            if fault.kind == "status" and (fault.chunks is None or not in_stream):
                raise fault.error()

    def expect_upload(self, on_connection_fault: Callable[[], None]) -> None:
        """Let ``receive`` apply the faults that are due among the messages of the request.

        Args:
            on_connection_fault: A function that applies the connection fault.
        """
        self._on_connection_fault = on_connection_fault

    def receive(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Yield the messages of an uploaded request, and apply the faults due between them.

        Raises:
            ServiceError: A fault ends the call with a status.
            ClientDisconnected: The client disconnected, or the server was stopped.
        """
        count = 0
        self._apply_upload_faults(count)
        for chunk in chunks:
            yield chunk
            count += 1
            self._apply_upload_faults(count)
        self._apply_upload_faults(sys.maxsize)

    def _apply_upload_faults(self, received: int) -> None:
        for fault in self.faults:
            if fault.chunks is None or fault.chunks > received:
                continue
            if fault.kind == "status":
                raise fault.error()
            if fault.on_connection and self._on_connection_fault is not None:
                self._on_connection_fault()
            if fault.on_connection or fault.kind == "hang":
                self.wait(_FOREVER)

    def wait_for_error(self, error: ServiceError) -> ServiceError | None:
        """Wait until an error is due that takes the place of the response.

        Faults apply to an error as they do to a response without chunks.

        Returns:
            The error, or the status of a fault. None if a malformed message or the end of the
            stream takes its place.

        Raises:
            ClientDisconnected: The client disconnected, or the server was stopped.
        """
        self.wait(self._first_delay())
        for fault in self.faults:
            if fault.kind == "status":
                return fault.error()
            if fault.kind == "hang":
                self.return_reply()
                self.wait(_FOREVER)
            if fault.kind == "malformed" or (fault.kind == "truncate" and self._record.stream):
                self.malformed = fault.kind == "malformed"
                self.return_reply()
                return None
        return error

    def wait_for_response(self) -> bool:
        """Wait until a response that is not streamed is due.

        Returns:
            Whether to send a malformed message instead of the response.

        Raises:
            ClientDisconnected: The client disconnected, or the server was stopped.
        """
        reply = self.reply
        seconds = self._first_delay()
        if reply and reply.tps:
            seconds += self._jittered(tokens.count(reply.text) / reply.tps, reply.jitter)
        self.wait(seconds)
        kinds = {fault.kind for fault in self.faults}
        if "hang" in kinds:
            self.return_reply()
            self.wait(_FOREVER)
        if "malformed" in kinds:
            self.malformed = True
            self.return_reply()
        return self.malformed

    def stream_completion(self, response: chat_pb2.GetChatCompletionResponse) -> Iterator[Any]:
        """Split a completion into chunks as its reply says, and stream them; see ``stream``."""
        split = self.reply.chunks if self.reply else None
        return self.stream(list(chunking.split_response(response, split)))

    def stream(self, chunks: Iterable[Any]) -> Iterator[Any]:
        """Yield each chunk of a response when it is due.

        Args:
            chunks: The messages of the response. Each is asked for after the one before it was
                sent; a fault that truncates the stream needs one more.

        Yields:
            The messages, or bytes that are not a valid message.

        Raises:
            ServiceError: A fault ends the stream with a status.
            ClientDisconnected: The client disconnected, or the server was stopped.
        """
        self.wait(self._first_delay())
        remaining = _Lookahead(chunks)
        faults = [f for f in self.faults if f.kind != "latency" and not f.on_connection]
        for index in count():
            if self._record.cancelled:
                raise ClientDisconnected
            if due := [fault for fault in faults if _is_due(fault, index, remaining)]:
                # The first of several faults at the same chunk applies.
                fault, faults = due[0], [fault for fault in faults if fault not in due]
                self.return_reply()
                if fault.kind == "truncate":
                    return
                if fault.kind == "malformed":
                    self.malformed = True
                    yield MALFORMED_MESSAGE
                if fault.kind == "hang":
                    self.wait(_FOREVER)
                if fault.kind == "status":
                    raise fault.error()
            if remaining.at_end:
                return
            chunk = remaining.take()
            if index:
                self.wait(self._chunk_delay(chunk))
            if self._record.trace is not None:
                self._record.trace.add_chunk(chunk)
            yield chunk

    def wait(self, seconds: float) -> None:
        """Wait, and let other calls use the thread pool's slot.

        Raises:
            ClientDisconnected: ``release`` was called, before or during the wait.
        """
        if seconds > 0:
            release_slot()
            if self._released.wait(seconds):
                raise ClientDisconnected

    def release(self) -> None:
        """End the current wait and all later ones: the client does not need the response."""
        self._released.set()
        self._run_on_release()

    def call_on_release(self, function: Callable[[], None]) -> None:
        """Call a function at the end of the call, or now if it has ended."""
        self._on_release.append(function)
        if self._released.is_set():
            self._run_on_release()

    def _run_on_release(self) -> None:
        # pop() gives each function to only one of two threads.
        while self._on_release:
            with suppress(IndexError):
                self._on_release.pop()()

    def _first_delay(self) -> float:
        """Return the seconds until the first chunk."""
        seconds = 0.0
        reply = self.reply
        if reply:
            seconds = self._jittered(reply.ttft, reply.jitter if reply.ttft else 0.0)
        for fault in self.faults:
            if fault.kind == "latency":
                seconds += self._jittered(fault.seconds, fault.jitter)
        return seconds

    def _chunk_delay(self, chunk: Any) -> float:
        """Return the seconds between a chunk and the one before it."""
        reply = self.reply
        if reply is None:
            return 0.0
        seconds = 0.0
        if reply.tps:
            seconds = sum(tokens.count(item.delta.content) for item in chunk.outputs) / reply.tps
        return self._jittered(seconds, reply.jitter)

    def _jittered(self, seconds: float, jitter: float) -> float:
        return max(0.0, seconds + self._rng.uniform(-jitter, jitter)) if jitter else seconds
