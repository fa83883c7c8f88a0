"""Record calls as OpenTelemetry spans, at no cost to programs that do not use OpenTelemetry.

Attributes follow OpenTelemetry's semantic conventions for generative AI clients. Spans hold
prompts and responses only if the program opts in with the conventions' environment variable.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from xai_vision.__about__ import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from xai_vision._transport.config import ConnectionConfig
    from xai_vision._transport.rpc import RpcCall

CAPTURE_CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The environment variable that puts prompts and responses (never images) into spans."""

# "event_only" captures nothing, because the package emits no events.
_CAPTURING_VALUES = frozenset({"true", "1", "span_only", "span_and_event"})


def tracing_disabled() -> bool:
    """Return whether xai_sdk's variable XAI_SDK_DISABLE_TRACING is set."""
    return _is_set("XAI_SDK_DISABLE_TRACING")


def sensitive_attributes_disabled() -> bool:
    """Return whether xai_sdk's variable that keeps content out of spans is set."""
    return _is_set("XAI_SDK_DISABLE_SENSITIVE_TELEMETRY_ATTRIBUTES")


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in {"1", "true"}


def captures_content() -> bool:
    """Return whether spans hold prompts and responses."""
    if sensitive_attributes_disabled():
        return False
    return os.environ.get(CAPTURE_CONTENT_VARIABLE, "").strip().lower() in _CAPTURING_VALUES


class CallSpan:
    """The span of one call.

    It never becomes the current span, which would leak from the generator of a stream into the
    code that reads the stream.
    """

    __slots__ = ("_call", "_span")

    def __init__(self, span: Span, call: RpcCall[Any, Any]) -> None:
        self._span = span
        self._call = call

    def end(
        self, result: Any, error: BaseException | None, attempts: int, *, cancelled: bool
    ) -> None:
        """End the span.

        Args:
            result: The result of the call, which may be partial; None if nothing arrived.
            error: The error that the caller gets.
            attempts: The number of times the request was sent.
            cancelled: Whether the caller cancelled the stream.
        """
        span = self._span
        span.set_attribute("xai_vision.attempts", attempts)
        if result is not None and self._call.response_attributes is not None:
            span.set_attributes(self._call.response_attributes(result))
        if cancelled or isinstance(error, GeneratorExit):
            # Closing a stream early is not an error.
            span.set_attribute("xai_vision.stream.left_early", True)
        elif error is not None:
            from opentelemetry.trace import Status, StatusCode

            span.set_attribute("error.type", _error_type(error))
            span.set_status(Status(StatusCode.ERROR, str(error)))
        span.end()


def start_span(call: RpcCall[Any, Any], config: ConnectionConfig) -> CallSpan | None:
    """Start a span; None if nothing records it."""
    # A program that has set a provider has imported this module. Importing it here would slow
    # down all other programs.
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or tracing_disabled():
        return None
    tracer = trace.get_tracer("xai_vision", __version__)
    span = tracer.start_span(call.method.path.lstrip("/"), kind=trace.SpanKind.CLIENT)
    if not span.is_recording():
        return None
    span.set_attributes(
        {
            "server.address": config.host,
            "server.port": config.port,
            "rpc.system": "grpc",
            "rpc.service": call.method.service,
            "rpc.method": call.method.name,
            "gen_ai.provider.name": "x_ai",
            "xai_vision.request.bytes": len(call.body),
        }
    )
    # After is_recording(): only a recorded span needs the request's attributes.
    if call.request_attributes is not None:
        attributes = call.request_attributes()
        operation = attributes["gen_ai.operation.name"]
        span.update_name(f"{operation} {attributes.get('gen_ai.request.model', '')}".rstrip())
        span.set_attributes(attributes)
    return CallSpan(span, call)


def _error_type(error: BaseException) -> str:
    code: Any = getattr(error, "code", None)
    status: Any = code() if callable(code) else None
    return getattr(status, "name", type(error).__name__)
