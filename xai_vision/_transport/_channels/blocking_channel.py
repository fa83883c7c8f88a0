"""The channel of a blocking client, its calls in progress and its waits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final, cast

import grpc

from xai_vision._transport._channels.blocking_rpc import help_to_connect, open_channel
from xai_vision._transport._channels.fork_safety import aio_is_broken
from xai_vision._transport._channels.upload_limiter import UploadLimiter
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.stream import Cancellation
from xai_vision.errors import ClientClosedError

# While it helps the channel to connect, a wait looks this often whether it has ended.
_HELP_SECONDS: Final = 0.05


class BlockingChannel:
    """A channel that is opened on first use, and again in a forked process. Thread-safe.

    Attributes:
        closed: Whether ``close`` was called.
    """

    def __init__(self, config: ConnectionConfig) -> None:
        self.closed = False
        self._config = config
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._callables: dict[tuple[str, str], Callable[..., Any]] = {}
        self._limiter = UploadLimiter()
        self._wakeup = threading.Condition()
        self._pid = os.getpid()

    @property
    def limiter(self) -> UploadLimiter:
        """The queue of its large requests."""
        if self._pid != os.getpid():
            self._reset_after_fork()
        return self._limiter

    def start(
        self, shape: str, path: str, request: object, attempt: Callable[[], dict[str, Any]]
    ) -> Any:
        """Start a call.

        Args:
            shape: The name of grpc's method, such as "unary_stream"; with " with call" for a
                blocking call that also returns its call object.
            path: The path of the RPC.
            request: The serialized request, or an iterator of messages.
            attempt: Returns grpc's keyword arguments; it is called if the channel is open.

        Raises:
            ClientClosedError: The channel is closed.
        """
        start = self._callable(shape, path)
        try:
            return start(request, **attempt())
        except ValueError:
            # grpc raises ValueError when another thread has just closed the channel.
            self._check_open()
            raise

    def wait(
        self, seconds: float, cancellation: Cancellation | None = None, *, connect: bool = False
    ) -> None:
        """Wait, unless the channel is closed or the stream is cancelled meanwhile.

        Args:
            seconds: How long.
            cancellation: The stream's.
            connect: Whether the channel connects meanwhile; see ``needs_help_to_connect``.
        """
        end = time.monotonic() + seconds
        if connect:
            while not self._ended(cancellation) and (left := end - time.monotonic()) > 0:
                with self._lock:
                    channel = self._channel
                if channel is None or not help_to_connect(channel, min(left, _HELP_SECONDS)):
                    break
        with self._wakeup:
            self._wakeup.wait_for(
                lambda: self._ended(cancellation), max(0.0, end - time.monotonic())
            )

    def _ended(self, cancellation: Cancellation | None) -> bool:
        return self.closed or (cancellation is not None and cancellation.cancelled)

    def wake_all(self) -> None:
        """Let all waits check whether they have ended."""
        with self._wakeup:
            self._wakeup.notify_all()

    def ready(self) -> Any:
        """Return grpc's future that is done when the channel is connected."""
        if self._pid != os.getpid():
            self._reset_after_fork()
        with self._lock:
            return grpc.channel_ready_future(self._open())

    def close(self) -> None:
        """Close the channel, cancel its calls and end its waits. May be called repeatedly."""
        with self._lock:
            self.closed = True
            channel, self._channel = self._channel, None
            self._callables = {}
        if self._pid == os.getpid():
            self.wake_all()
            self._limiter.close()
            if channel is not None:
                channel.close()

    def _callable(self, shape: str, path: str) -> Callable[..., Any]:
        if self._pid != os.getpid():
            self._reset_after_fork()
        cached = self._callables.get((shape, path))
        if cached is not None:
            return cached
        with self._lock:
            kind, _, with_call = shape.partition(" ")
            start: Any = getattr(self._open(), kind)(path)
            if kind == "stream_unary":
                # Large requests use futures, because a blocking call cannot be cancelled.
                start = start.future
            elif with_call:
                start = start.with_call
            self._callables[shape, path] = start
            return cast("Callable[..., Any]", start)

    def _open(self) -> grpc.Channel:
        self._check_open()
        if self._channel is None:
            self._channel = open_channel(self._config)
        return self._channel

    def _check_open(self) -> None:
        if self.closed:
            raise ClientClosedError("the client is closed. Create a new one")

    def _reset_after_fork(self) -> None:
        # A child process cannot use its parent's channel, and closing it here would disturb the
        # parent. The channel is dropped, and the next call opens a new one.
        aio_is_broken()  # raises if blocking calls do not work either
        self._lock = threading.Lock()
        self._wakeup = threading.Condition()
        self._channel = None
        self._callables = {}
        self._limiter = UploadLimiter()
        self._pid = os.getpid()
