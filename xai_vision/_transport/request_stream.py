"""Send a request as a stream of messages, such as the chunks of a file.

gRPC asks for the next message when it has taken the one before, so that a large file is never
in memory as a whole. An exception of the source would reach the caller as a status of gRPC. Here
it ends the call, and the transport raises it unchanged.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from xai_vision._transport.stream import Cancellation

Messages: TypeAlias = "Generator[tuple[bytes | memoryview, int], None, None]"
"""The serialized messages of one attempt, each with the number of its content bytes. A message may
be a view of a buffer that the next one overwrites. Closing the generator releases the source."""


class RequestSource:
    """The source of a request that is sent as a stream.

    Attributes:
        open: Starts an attempt. It is called in the thread or task of the caller.
        repeatable: Returns whether a failed attempt can be repeated from the start.
        on_taken: Called with the sum of the content bytes that gRPC has taken in this attempt,
            after each message with content: in the event loop by the asyncio client, otherwise in
            a thread of gRPC.
        cancellation: Ends the request from another thread.
    """

    __slots__ = ("cancellation", "on_taken", "open", "repeatable")

    def __init__(
        self,
        open: Callable[[], Messages],  # noqa: A002 - the verb for files
        *,
        repeatable: Callable[[], bool],
        on_taken: Callable[[int], None] | None = None,
    ) -> None:
        self.open = open
        self.repeatable = repeatable
        self.on_taken = on_taken
        self.cancellation = Cancellation()


_END: tuple[None, int] = (None, 0)


class RequestStream:
    """The messages of one attempt, as an iterator and as an async iterator for grpc.

    Attributes:
        error: The exception that the source or its callback raised.
    """

    def __init__(self, source: RequestSource) -> None:
        self.error: BaseException | None = None
        self._messages = source.open()
        self._on_taken = source.on_taken
        self._cancellation = source.cancellation
        # Content bytes that gRPC has taken, and those of the message that it takes now.
        self._taken = self._size = 0
        self._reading = threading.Lock()
        self._closed = False
        # Set when _cancel has its last value: the call is known, or was not started.
        self._can_cancel = threading.Event()
        self._cancel: Callable[[], object] = lambda: None

    def attach(self, rpc: Any) -> None:
        """Set the call that sends the stream, for the blocking client.

        grpc starts to read the stream before it returns the call. An asyncio call is cancelled by
        grpc when the stream raises an exception.
        """
        self._cancel = rpc.cancel
        self._can_cancel.set()
        self._cancellation.attach(rpc.cancel)

    def close(self) -> None:
        """Release the source, in the thread that reads it if it is being read."""
        self._closed = True
        self._can_cancel.set()
        self._close_unless_reading()

    def _close_unless_reading(self) -> None:
        # The reader looks at _closed after it has released the lock, so one of the two closes.
        if self._reading.acquire(blocking=False):
            try:
                self._messages.close()
            finally:
                self._reading.release()

    def _read(self) -> bytes | memoryview | None:
        try:
            with self._reading:
                message, self._size = (None, 0) if self._closed else next(self._messages, _END)
                return message
        finally:
            if self._closed:
                self._close_unless_reading()

    def _report(self) -> None:
        self._taken += self._size
        if self._size and self._on_taken is not None:
            self._on_taken(self._taken)

    def __iter__(self) -> RequestStream:
        return self

    def __next__(self) -> bytes:
        try:
            self._report()
            message = self._read()
        except BaseException as error:  # noqa: BLE001 - the transport raises it
            self.error = error
            # grpc would send an exception as a status of its own, and takes the end of the
            # iterator for the end of the request. So the call has to be cancelled first.
            self._can_cancel.wait()
            self._cancel()
            message = None
        if message is None:
            raise StopIteration
        return bytes(message)

    def __aiter__(self) -> RequestStream:
        return self

    async def __anext__(self) -> bytes:
        try:
            self._report()
            # Reading a file would block the event loop.
            message = await asyncio.get_running_loop().run_in_executor(None, self._read)
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                self.error = error
            raise  # grpc cancels the call
        if message is None:
            raise StopAsyncIteration
        # Not in the other thread: each thread of the executor would keep the memory for it.
        return bytes(message)
