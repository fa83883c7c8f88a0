"""A call that is passed on and recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._upstream.exchange import Exchange, Metadata, UpstreamCall


class RecordedCall(UpstreamCall):
    """A call in progress, whose messages are kept.

    Attributes:
        exchange: The call.
        messages_read: The results of ``read`` for the messages so far, each with the seconds since
            the request.
        problem: The error of ``read``, after which messages are not read any more.
        seconds: The seconds until the end of the call.
        initial: The metadata before the messages.
        error: The error that ended the call.
        is_cancelled: Whether the client ended the call.

    Args:
        inner: The call of the service.
        exchange: The call that is passed on.
        begin: A function that is called when the messages are asked for.
        read: A function that is called with each message before the client gets it.
        finish: A function that is called with this object when the call has ended.
    """

    def __init__(
        self,
        inner: UpstreamCall,
        exchange: Exchange,
        begin: Callable[[], None],
        read: Callable[[bytes], Any],
        finish: Callable[[RecordedCall], None],
    ) -> None:
        self.exchange = exchange
        self.messages_read: list[tuple[float, Any]] = []
        self.problem: Exception | None = None
        self.seconds = 0.0
        self.initial: Metadata = ()
        self.error: ServiceError | None = None
        self.is_cancelled = False
        self._inner = inner
        self._begin, self._read, self._finish = begin, read, finish
        self._started = time.monotonic()

    def initial_metadata(self) -> Metadata:
        """Wait for the metadata before the first message, and return it."""
        self.initial = self._inner.initial_metadata()
        return self.initial

    def messages(self) -> Iterator[bytes]:
        """Yield the messages of the service, and record the call at their end."""
        is_complete = False
        self._begin()
        try:
            for message in self._inner.messages():
                self._keep(message)
                yield message
            is_complete = True
        except ServiceError as error:
            is_complete = not self.is_cancelled
            self.error = error if is_complete else None
            raise
        finally:
            self.seconds = self._elapsed()
            self.is_cancelled = not is_complete
            self._finish(self)

    @property
    def is_unreachable(self) -> bool:
        """Whether the service was not reached. Such a call is not worth a replay."""
        error = self.error
        if error is None or self.messages_read:
            return False
        return error.code.name == "UNAVAILABLE" and not error.trailing

    def trailing_metadata(self) -> Metadata:
        """Return the metadata after the last message."""
        return self._inner.trailing_metadata()

    def cancel(self) -> None:
        """Cancel the call."""
        self.is_cancelled = True
        self._inner.cancel()

    def _keep(self, message: bytes) -> None:
        seconds = self._elapsed()
        try:
            if self.problem is None:
                self.messages_read.append((seconds, self._read(message)))
        except Exception as problem:  # noqa: BLE001 - the client still gets its response
            self.problem = problem

    def _elapsed(self) -> float:
        return time.monotonic() - self._started
