"""Track one call: its attempts, deadline and span. Both transports use it."""

from __future__ import annotations

import time
from logging import DEBUG, WARNING
from types import TracebackType
from typing import Any, Generic

import grpc
from google.protobuf.message import DecodeError

from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.idle_timeout import IdleTimeoutError
from xai_vision._transport.logs import logger
from xai_vision._transport.metadata import MetadataPairs
from xai_vision._transport.rpc import Out, Res, RpcCall
from xai_vision._transport.status_mapping import (
    api_error,
    client_closed,
    invalid_response,
    missing_response,
)
from xai_vision._transport.stream import Cancellation
from xai_vision._transport.tracing import start_span
from xai_vision.errors import APIError, RequestTimeoutError, UnavailableError


class CallContext(Generic[Res, Out]):
    """The state of a call while a transport performs it.

    Attributes:
        received_any: Whether a part of the response arrived; from then on the call is not retried.
    """

    __slots__ = (
        "_attempts",
        "_call",
        "_cancellation",
        "_config",
        "_deadline",
        "_result",
        "_span",
        "_started",
        "received_any",
    )

    def __init__(
        self,
        call: RpcCall[Res, Out],
        config: ConnectionConfig,
        cancellation: Cancellation | None = None,
    ) -> None:
        timeout = call.options.timeout
        self._started = time.monotonic()
        self._call = call
        self._config = config
        self._cancellation = cancellation
        self._deadline = self._started + (config.timeout if timeout is None else timeout)
        self._attempts = 0
        self._result: Any = None
        self.received_any = False
        self._span = start_span(call, config)

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return max(self._deadline - time.monotonic(), 0.0)

    def queue_timeout_error(self) -> APIError:
        """Make the error for a request whose deadline passed in the upload queue."""
        return RequestTimeoutError(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            "the deadline passed while other large requests of this client were being sent",
            method=self._call.method.path,
        )

    def attempt(self) -> dict[str, Any]:
        """Count the next attempt and return gRPC's keyword arguments for it."""
        options = self._call.options
        self._attempts += 1
        if self._call.info is not None:
            self._call.info.attempts = self._attempts
        if logger.isEnabledFor(DEBUG):
            logger.debug(
                "%s: attempt %d, %d bytes, %.1f s to the deadline",
                self._call.method.name,
                self._attempts,
                len(self._call.body),
                self.remaining,
            )
        kwargs: dict[str, Any] = {
            "timeout": self.remaining,
            "metadata": self._metadata(),
        }
        if options.wait_for_ready:
            kwargs["wait_for_ready"] = True
        return kwargs

    def _metadata(self) -> MetadataPairs:
        pairs, added = self._config.metadata, self._call.options.metadata
        if not added:
            return pairs
        replaced = {key for key, _ in added}
        return (*(pair for pair in pairs if pair[0] not in replaced), *added)

    def complete(self, response: bytes | None) -> Out:
        """Return the result of a unary call."""
        self._result = result = self._read(response)
        return result

    def message(self, response: bytes) -> Out:
        """Return the result for one message of a stream."""
        result = self._read(response)
        self.received_any = True
        return result

    def _read(self, response: bytes | None) -> Out:
        if response is None:
            raise missing_response(self._call)
        # Parsed here because grpc turns a response that it cannot parse into None.
        try:
            message = self._call.method.response.FromString(response)
        except DecodeError as error:
            raise invalid_response(self._call, error, received_any=self.received_any) from None
        return self._call.read(message)

    def end_of_stream(self) -> None:
        """Check that a stream which closed with OK is complete.

        Raises:
            StreamBrokenError: The response is incomplete.
        """
        if self._call.finish is not None:
            self._call.finish()

    def next_delay(self, raised: Any, *, closed: bool = False) -> float:
        """Return the seconds to wait before the next attempt, after one failed.

        Args:
            raised: The error of grpc, or an IdleTimeoutError.
            closed: Whether the client was closed meanwhile, which cancels its calls.

        Raises:
            APIError: The call is not retried.
        """
        # An interceptor may raise an RpcError that has no status.
        code = getattr(raised, "code", None)
        if closed and (code is None or code() is grpc.StatusCode.CANCELLED):
            raise self.closed_error() from None
        error = self._error(raised)
        policy = self._call.options.retries or self._config.retries
        delay = None if self.received_any else policy.wait(error, self._attempts)
        source = self._call.source
        if delay is not None and source is not None and not source.repeatable():
            error.remedy = (
                "The request was not retried, because its file object cannot be rewound. Pass a "
                "path, or an object with seek()."
            )
            delay = None
        if delay is None or time.monotonic() + delay >= self._deadline:
            # From None: the traceback of gRPC's own error would add nothing.
            raise error from None
        logger.info("%s: retry in %.2f s after %r", self._call.method.name, delay, error)
        return delay

    def _error(self, raised: Any) -> APIError:
        if not isinstance(raised, IdleTimeoutError):
            error = api_error(
                raised,
                self._call,
                received_any=self.received_any,
                redact=self._config.redact,
            )
            # At the deadline, grpc.aio may report a message that it could not send.
            is_late = self._call.source is not None and not self.remaining
            if is_late and isinstance(error, UnavailableError):
                return RequestTimeoutError(
                    grpc.StatusCode.DEADLINE_EXCEEDED,
                    "the deadline passed while the request was sent",
                    method=self._call.method.path,
                )
            return error
        return RequestTimeoutError(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"the stream was silent for {raised.seconds:g} seconds (idle_timeout)",
            method=self._call.method.path,
        )

    def closed_error(self) -> APIError:
        """Make the error for a call that was cancelled by closing its client."""
        return client_closed(self._call, received_any=self.received_any)

    def __enter__(self) -> CallContext[Res, Out]:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        partial = self._call.partial
        if isinstance(error, APIError):
            # Set here, so that every error has them, wherever it was raised.
            error.attempts = self._attempts
            # The error of gRPC may contain the API key, if the server repeated it.
            if isinstance(error.__context__, grpc.RpcError):
                error.__context__ = error.__context__.__context__
            if self.received_any and partial is not None:
                error.partial = partial()
        cancelled = self._cancellation is not None and self._cancellation.cancelled
        self._log_end(error, cancelled=cancelled)
        if self._span is not None:
            result = self._result
            if partial is not None:
                result = partial() if self.received_any else None
            self._span.end(result, error, self._attempts, cancelled=cancelled)

    def _log_end(self, error: BaseException | None, *, cancelled: bool) -> None:
        # An error that was not retried is the caller's to log.
        level = WARNING if isinstance(error, APIError) and self._attempts > 1 else DEBUG
        if logger.isEnabledFor(level):
            result = "complete" if error is None else repr(error)
            if isinstance(error, GeneratorExit) or cancelled:
                result = "stopped by the caller"
            logger.log(
                level,
                "%s: %s after %d attempt(s), %.2f s",
                self._call.method.name,
                result,
                self._attempts,
                time.monotonic() - self._started,
            )
