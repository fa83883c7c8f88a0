"""Calls of grpc's blocking API, made cancellable and freed completely."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any, Final

import grpc
from grpc.experimental import ChannelOptions as _Experimental

from xai_vision._transport.config import ConnectionConfig

# The reader of a stream takes events from grpc directly, without a thread to wake per message.
_SINGLE_THREADED: Final = (_Experimental.SingleThreadedUnaryStream, 1)


_internals: Any = getattr(grpc, "_channel", None)


def _drainable_class() -> Any:
    """Return the class of single-threaded streams if its events can be taken, else None."""
    stream_class = getattr(_internals, "_SingleThreadedRendezvous", None)
    state_class = getattr(_internals, "_RPCState", None)
    if not callable(getattr(stream_class, "_consume_next_event", None)) or state_class is None:
        return None
    has_due = "due" in state_class.__init__.__code__.co_names
    return stream_class if has_due else None


_DRAINABLE: Final[Any] = _drainable_class()


def open_channel(config: ConnectionConfig) -> grpc.Channel:
    """Open a channel, with single-threaded streams if they can be freed."""
    if _DRAINABLE is not None:
        channel = _open(config, [_SINGLE_THREADED, *config.options()])
        # Instrumentation replaces grpc.insecure_channel() to add interceptors. An interceptor may
        # hide the call object, whose events could then not be taken.
        if type(channel) is _internals.Channel:
            return channel
        channel.close()
    return _open(config, config.options())


def _open(config: ConnectionConfig, options: list[tuple[str, Any]]) -> grpc.Channel:
    if config.secure:
        return grpc.secure_channel(config.target, config.credentials(), options)
    return grpc.insecure_channel(config.target, options)


def end(rpc: Any) -> None:
    """Cancel a stream unless it is complete, and free what it holds."""
    rpc.cancel()
    # A single-threaded stream has an event queue of its own. grpc frees it only when all of its
    # events have been taken; otherwise every cancelled stream would leak about 21 KiB.
    if type(rpc) is _DRAINABLE:
        while rpc._state.due:
            rpc._consume_next_event()


def cancellable(rpc: Any) -> Any:
    """Return a stream that has ``cancel()``, which an interceptor's generator does not have."""
    return rpc if hasattr(rpc, "cancel") else _ThreadReader(rpc)


class _LocalCancellation(grpc.RpcError):
    """The error of a stream that was cancelled on this side."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.CANCELLED

    def details(self) -> str:
        return "Locally cancelled by application!"


class _ThreadReader(Iterator[Any]):
    """Reads an iterator in a thread, so that a waiting reader can be released.

    If the iterator cannot be closed because it waits for a message, its call ends with the next
    message or at its deadline.
    """

    def __init__(self, messages: Iterator[Any]) -> None:
        self._messages = messages
        self._requests = threading.Semaphore(0)
        self._results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._cancelled = False
        # Instrumentation finds the current span in the context.
        thread = threading.Thread(
            target=copy_context().run, args=[self._read], name="xai-vision-stream", daemon=True
        )
        thread.start()

    def __next__(self) -> Any:
        if self._cancelled:
            raise _LocalCancellation
        self._requests.release()
        message, error = self._results.get()
        if error is not None:
            self._cancelled = True
            raise error
        return message

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            self._results.put((None, _LocalCancellation()))
            self._requests.release()

    def _read(self) -> None:
        while True:
            self._requests.acquire()
            if self._cancelled:
                break
            try:
                self._results.put((next(self._messages), None))
            except BaseException as error:  # noqa: BLE001 - raised in the reading thread
                self._results.put((None, error))
                return
        close = getattr(self._messages, "close", None)
        if close is not None:
            close()
