"""Calls of grpc's blocking API, made cancellable and freed completely."""

from __future__ import annotations

import time
from functools import cache
from typing import Any, Final

import grpc

from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.metadata import MetadataPairs

# The reader of a stream takes events from grpc directly, without a thread to wake per message. The
# name is that of grpc.experimental.ChannelOptions, a module that programs need not load for it.
_SINGLE_THREADED: Final = ("SingleThreadedUnaryStream", 1)

_CONNECTS_IN_OWN_THREADS: Final = tuple(map(int, grpc.__version__.split(".")[:2])) >= (1, 80)


@cache
def _drainable_class() -> Any:
    """Return the class of single-threaded streams if its events can be taken, else None."""
    internals = _internals()
    stream_class = getattr(internals, "_SingleThreadedRendezvous", None)
    state_class = getattr(internals, "_RPCState", None)
    if not callable(getattr(stream_class, "_consume_next_event", None)) or state_class is None:
        return None
    return stream_class if "due" in state_class.__init__.__code__.co_names else None


def _internals() -> Any:
    try:
        # On use: grpc itself imports this module when the first channel is opened.
        from grpc import _channel
    except ImportError:
        return None
    return _channel


def open_channel(config: ConnectionConfig) -> grpc.Channel:
    """Open a channel, with single-threaded streams if they can be freed."""
    if _drainable_class() is not None:
        channel = _open(config, [_SINGLE_THREADED, *config.options()])
        # Instrumentation replaces grpc.insecure_channel() to add interceptors. An interceptor may
        # hide the call object, whose events could then not be taken.
        if type(channel) is _internals().Channel:
            return channel
        channel.close()
    return _open(config, config.options())


def _open(config: ConnectionConfig, options: list[tuple[str, Any]]) -> grpc.Channel:
    if config.secure:
        return grpc.secure_channel(config.target, config.credentials(), options)
    return grpc.insecure_channel(config.target, options)


def end(rpc: Any, *, drain: bool) -> None:
    """Cancel a stream unless it is complete.

    Args:
        rpc: The stream.
        drain: Whether to take its remaining events. After an exception within a read, such as
            KeyboardInterrupt, grpc may have lost an event, and taking it would wait forever.
    """
    rpc.cancel()
    # A single-threaded stream has an event queue of its own. grpc frees it only when all of its
    # events have been taken; otherwise every cancelled stream would leak about 21 KiB.
    if drain and type(rpc) is _drainable_class():
        while rpc._state.due:
            rpc._consume_next_event()


def needs_help_to_connect(error: Any) -> bool:
    """Return whether only a wait for the connection lets the channel connect after this error.

    Before grpcio 1.80, a channel connects only while something waits for its events. While
    connections fail, calls fail at once, so that no call waits.
    """
    if _CONNECTS_IN_OWN_THREADS or not isinstance(error, grpc.Call):
        return False
    return error.code() is grpc.StatusCode.UNAVAILABLE


def help_to_connect(channel: grpc.Channel, seconds: float) -> bool:
    """Take the channel's events for so long that it can connect; return whether that is possible.

    grpc's public API for this starts a thread, which prints an error if the channel is closed.
    """
    if type(channel) is not getattr(_internals(), "Channel", None):
        return False
    inner: Any = getattr(channel, "_channel", None)
    try:
        inner.watch_connectivity_state(inner.check_connectivity_state(True), time.time() + seconds)
    except (AttributeError, ValueError):  # another version; or the channel is closed
        return False
    return True


def cancellable(rpc: Any) -> Any:
    """Return a stream that has ``cancel()``, which an interceptor's generator does not have."""
    if hasattr(rpc, "cancel"):
        return rpc
    from xai_vision._transport._channels.thread_reader import (
        ThreadReader,  # on use: it is rarely needed
    )

    return ThreadReader(rpc)


def metadata_of(rpc: Any, name: str) -> MetadataPairs:
    """Return the "initial_metadata" or "trailing_metadata" of a call; empty if it hides them."""
    method = getattr(rpc, name, None)
    return tuple((key, value) for key, value in method() or ()) if method is not None else ()
