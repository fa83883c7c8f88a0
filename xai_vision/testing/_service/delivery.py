"""The delivery of a response: when its chunks are due, and where a fault ends it.

This module does not know any transport. A transport asks for one chunk after the other, and
translates the errors raised here into its own.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from xai_vision.testing._service.response import chunking, tokens
from xai_vision.testing._thread_pool import release_slot

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._rules.reply import Reply


# A length prefix of 2**63 without data: protobuf cannot parse it.
MALFORMED_MESSAGE = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
_FOREVER = 1e6


class ClientDisconnected(Exception):  # noqa: N818 - not an error of the server
    """The client disconnected, or the server was stopped, during a pause of the delivery."""


class ResponseDelivery:
    """The delivery of the response to one call.

    Attributes:
        faults: The faults to apply.
        reply: The reply that the response is made from, with its pacing; None if the response
            is not made from a reply.
        malformed: Whether a malformed message is sent instead of the response.
        lost: Whether a connection fault keeps every response from the client.

    Args:
        record: The record of the call.
        jitter: The source of random delays.
    """

    def __init__(self, record: Call, jitter: random.Random) -> None:
        self.faults: Sequence[Fault] = ()
        self.reply: Reply | None = None
        self.malformed = False
        self.lost = False
        self._record = record
        self._random = jitter
        self._wake = threading.Event()
        # At most one function. A list, because pop() gives it to only one of two threads.
        self._return_reply: list[Callable[[bool], None]] = []

    def reserve_reply(self, return_reply: Callable[[bool], None]) -> None:
        """Note that a rule gave the reply.

        Args:
            return_reply: Gives the reply back to the rule; called with ``uncertain``.
        """
        self._return_reply.append(return_reply)
        if self.lost:
            self.return_reply()

    def commit_reply(self) -> None:
        """Keep the reply whatever happens: the rule itself asked for the fault."""
        self._return_reply.clear()

    def return_reply(self, *, uncertain: bool = False) -> None:
        """Give the reply back to its rule, because a fault keeps it from the client.

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

    def raise_early_fault(self) -> None:
        """Apply a fault that is due before there is a response.

        Raises:
            ServiceError: The fault ends the call with a status.
        """
        for fault in self.faults:
            if fault.kind == "status" and (fault.chunks is None or not self._record.stream):
                # A latency fault and a status fault add up: first the delay, then the status.
                self._wait(self._first_delay())
                raise fault.error()

    def wait_for_response(self) -> bool:
        """Wait as long as a response that is not streamed takes.

        Returns:
            Whether to send a malformed message instead of the response.

        Raises:
            ClientDisconnected: The client disconnected, or the server was stopped.
        """
        reply = self.reply
        seconds = self._first_delay()
        if reply and reply.tps:
            seconds += self._jittered(tokens.count(reply.text) / reply.tps, reply.jitter)
        self._wait(seconds)
        if any(fault.kind == "hang" for fault in self.faults):
            self.return_reply()
            self._wait(_FOREVER)
        self.malformed = any(fault.kind == "malformed" for fault in self.faults)
        if self.malformed:
            self.return_reply()
        return self.malformed

    def stream(
        self, response: chat_pb2.GetChatCompletionResponse
    ) -> Iterator[chat_pb2.GetChatCompletionChunk | bytes]:
        """Split the response into chunks, and yield each when it is due.

        Yields:
            Chunks, or bytes that are not a valid message.

        Raises:
            ServiceError: A fault ends the stream with a status.
            ClientDisconnected: The client disconnected, or the server was stopped.
        """
        chunks = list(chunking.split_response(response, self.reply.chunks if self.reply else None))
        self._wait(self._first_delay())
        ends = {self._chunk_index(fault, len(chunks)): fault for fault in reversed(self.faults)}
        for index in range(len(chunks) + 1):
            if self._record.cancelled:
                raise ClientDisconnected
            fault = ends.get(index)
            if fault is not None:
                self.return_reply()
                if fault.kind == "truncate":
                    return
                if fault.kind == "malformed":
                    self.malformed = True
                    yield MALFORMED_MESSAGE
                self._end_stream(fault)
            if index < len(chunks):
                self._pace(chunks[index], first=index == 0)
                yield chunks[index]

    def pause(self, seconds: float) -> bool:
        """Wait on the server's side.

        Returns:
            Whether ``release`` was called, before or during the pause.
        """
        if self._wake.is_set():
            return True
        release_slot()
        return self._wake.wait(seconds)

    def release(self) -> None:
        """End the current pause and skip all later ones."""
        self._wake.set()

    def _chunk_index(self, fault: Fault, count: int) -> int:
        """Return the index of the chunk before which a fault is due; -1 if it is never due."""
        if fault.kind == "latency" or fault.on_connection:
            return -1
        # A truncated stream lacks its last chunk, which has the finish reason.
        last = count - 1 if fault.kind == "truncate" else count
        return min(fault.chunks or 0, last)

    def _end_stream(self, fault: Fault) -> None:
        if fault.kind == "hang":
            self._wait(_FOREVER)
        if fault.kind == "status":
            raise fault.error()

    def _pace(self, chunk: chat_pb2.GetChatCompletionChunk, *, first: bool) -> None:
        reply = self.reply
        if first or reply is None or not (reply.tps or reply.jitter):
            return
        count = sum(tokens.count(output.delta.content) for output in chunk.outputs)
        self._wait(self._jittered(count / reply.tps if reply.tps else 0.0, reply.jitter))

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

    def _jittered(self, seconds: float, jitter: float) -> float:
        return max(0.0, seconds + self._random.uniform(-jitter, jitter)) if jitter else seconds

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self.pause(seconds):
            raise ClientDisconnected
