"""The course of one call: its attempts, its deadline, its span. Both wires follow it."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Generic

import grpc
from google.protobuf.message import DecodeError

from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.idle_timeout import IdleTimeoutError
from xai_vision._transport.rpc import RpcCall, Out, Res
from xai_vision._transport.status_mapping import api_error, interrupted, unreadable
from xai_vision._transport.tracing import observe
from xai_vision.errors import APIError, RequestTimeoutError


class CallContext(Generic[Res, Out]):
    """Keeps count while a wire performs an exchange.

    Attributes:
        begun: Whether part of the answer has arrived, after which nothing is tried again.
    """

    __slots__ = ("_connection", "_end", "_exchange", "_number", "_result", "_span", "begun")

    def __init__(self, exchange: RpcCall[Res, Out], connection: ConnectionConfig) -> None:
        timeout = exchange.options.timeout
        self._exchange = exchange
        self._connection = connection
        self._end = time.monotonic() + (connection.timeout if timeout is None else timeout)
        self._number = 0
        self._result: Any = None
        self.begun = False
        self._span = observe(exchange, connection)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(self._end - time.monotonic(), 0.0)

    def outwaited(self) -> APIError:
        """The error for a request whose turn to be sent did not come in time."""
        return RequestTimeoutError(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            "the deadline passed while other large requests of this client were being sent",
            method=self._exchange.method.path,
        )

    def attempt(self) -> dict[str, Any]:
        """Begin the next attempt: what the call is given besides its request."""
        options = self._exchange.options
        self._number += 1
        given: dict[str, Any] = {
            "timeout": self.left,
            "metadata": self._connection.metadata + options.metadata,
        }
        if options.wait_for_ready:
            given["wait_for_ready"] = True
        return given

    def answered(self, reply: bytes) -> Out:
        """The one reply has come."""
        self._result = result = self._read(reply)
        return result

    def piece(self, reply: bytes) -> Out:
        """One reply of a stream has come."""
        result = self._read(reply)
        self.begun = True
        return result

    def _read(self, reply: bytes) -> Out:
        # Parsed here and not by grpc, which makes None of a reply that it cannot parse.
        try:
            message = self._exchange.method.response.FromString(reply)
        except DecodeError as error:
            raise unreadable(self._exchange, error, begun=self.begun) from None
        return self._exchange.read(message)

    def ended(self) -> None:
        """The stream has come to its end.

        Raises:
            StreamBrokenError: The answer has not.
        """
        if self._exchange.finish is not None:
            self._exchange.finish()

    def failed(self, raised: Any, *, closed: bool = False) -> float:
        """The attempt failed. Seconds to wait before the next one.

        Args:
            raised: What grpc raised, or an IdleError.
            closed: Whether the client was closed meanwhile, which cancels its calls.

        Raises:
            APIError: There is to be no next one.
        """
        if closed and raised.code() is grpc.StatusCode.CANCELLED:
            raise self.interrupted() from None
        error = self._error(raised)
        policy = self._exchange.options.retries or self._connection.retries
        wait = None if self.begun else policy.wait(error, self._number)
        if wait is None or time.monotonic() + wait >= self._end:
            # Without gRPC's own error in the traceback: ours says all that it does.
            raise error from None
        return wait

    def _error(self, raised: Any) -> APIError:
        if not isinstance(raised, IdleTimeoutError):
            return api_error(raised, self._exchange, begun=self.begun)
        return RequestTimeoutError(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"the stream was silent for {raised.seconds:g} seconds (idle_timeout)",
            method=self._exchange.method.path,
        )

    def interrupted(self) -> APIError:
        """The error for a call that ends because its client was closed."""
        return interrupted(self._exchange, begun=self.begun)

    def __enter__(self) -> CallContext[Res, Out]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        partial = self._exchange.partial
        if isinstance(error, APIError):
            # Here, so that it holds for every error there is, however it came about.
            error.attempts = self._number
            if self.begun and partial is not None:
                error.partial = partial()
        if self._span is not None:
            come = self._result if partial is None else partial() if self.begun else None
            self._span.end(come, error, self._number)
