"""Poll a deferred request until it is done. ``defer`` and video generation share it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import grpc

from xai_vision._transport.durations import call_seconds
from xai_vision._transport.options import CallOptions
from xai_vision._transport.rpc import CallSequence, RpcCall, Sleep
from xai_vision.errors import (
    APIError,
    CertificateError,
    RequestTimeoutError,
    UnavailableError,
)

Out = TypeVar("Out")

DEFAULT_WAIT = 600.0
"""Seconds; xai_sdk's default timeout of a deferred request."""

# Without interval=: poll quickly at first for short requests, then less often.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_GROWTH = 1.5


class Wait:
    """The time limit of a deferred request and the pauses between its polls.

    Args:
        options: The options of each call; their timeout limits the whole wait.
        interval: Seconds between polls; None starts at 0.1 and grows to 2.
        default: Seconds to wait if the options have no timeout.
        default_interval: The interval for None, and for a timedelta of 0 as in xai_sdk.
        poll_limit: The most seconds of one poll, for a wait of hours. A poll that takes longer or
            cannot reach the service is then repeated, as long as there is time. Default: a poll
            may take the rest of the time, and its error ends the wait.
    """

    def __init__(
        self,
        options: CallOptions,
        interval: float | timedelta | None,
        default: float = DEFAULT_WAIT,
        default_interval: timedelta | None = None,
        poll_limit: float | None = None,
    ) -> None:
        self.seconds = options.timeout or default
        if default_interval is not None and interval in (None, timedelta(0)):
            interval = default_interval
        self._interval = call_seconds(interval, "interval")
        self._options = options
        self._poll_limit = poll_limit
        self._pause = self._interval or _FIRST_PAUSE
        self._end = 0.0

    def start(self) -> None:
        """Start the time limit."""
        self._end = time.monotonic() + self.seconds

    def options(self, limit: float | None = None) -> CallOptions:
        """Return the options of the next call, which may take the rest of the time or ``limit``."""
        # Never zero: the time limit of the whole wait ends the polling.
        remaining = max(min(self._end - time.monotonic(), limit or math.inf), 0.001)
        return self._options.with_timeout(remaining)

    def poll(
        self,
        call: Callable[[CallOptions], RpcCall[Any, Any]],
        read: Callable[[Any], Out | None],
        name: str,
        request_id: str,
    ) -> CallSequence[Out]:
        """Poll until the request is done.

        Args:
            call: Describes a poll.
            read: Returns the result of the request; None while it is pending.
            name: The name of the request in the error, such as "deferred response".
            request_id: The id of the request, which each APIError keeps.

        Raises:
            RequestTimeoutError: The time is over.
            APIError: A poll failed otherwise, or the client was closed.
        """
        try:
            return (yield from self._poll(call, read, name, request_id))
        except APIError as error:
            error.deferred_id = request_id
            raise

    def _poll(
        self,
        call: Callable[[CallOptions], RpcCall[Any, Any]],
        read: Callable[[Any], Out | None],
        name: str,
        request_id: str,
    ) -> CallSequence[Out]:
        while True:
            poll = call(self.options(self._poll_limit))
            try:
                state = yield poll
            except (RequestTimeoutError, UnavailableError) as error:
                late = time.monotonic() >= self._end
                # The last poll had only the rest of the time.
                if late and isinstance(error, RequestTimeoutError):
                    raise self._timeout(name, request_id, poll.method.path) from None
                if late or self._poll_limit is None or isinstance(error, CertificateError):
                    raise
                result = None
            else:
                result = read(state)
            if result is not None:
                return result
            if time.monotonic() + self._pause >= self._end:
                raise self._timeout(name, request_id, poll.method.path)
            yield Sleep(self._pause)
            if self._interval is None:
                self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE)

    def _timeout(self, name: str, request_id: str, method: str) -> RequestTimeoutError:
        return RequestTimeoutError(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"{name} {request_id} was not done after {self.seconds:g} seconds",
            method=method,
        )
