"""OpenTelemetry spans, when the program has set a provider; otherwise nothing, at no cost.

Names are those of OpenTelemetry's semantic conventions for generative AI clients. Prompts and
answers are left out unless the program opts in, by the conventions' own environment variable.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from xai_vision._version import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from xai_vision._transport.config import ConnectionConfig
    from xai_vision._transport.rpc import RpcCall

CAPTURE_CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The environment variable; "true" puts prompts and answers (never pictures) into spans."""


def captures_content() -> bool:
    """Whether the program opted in to having prompts and answers in spans."""
    return os.environ.get(CAPTURE_CONTENT_VARIABLE, "").strip().lower() == "true"


class Observation:
    """A span of one call.

    It is never made the current one: that would leak out of a generator into its reader.
    """

    __slots__ = ("_exchange", "_span")

    def __init__(self, span: Span, exchange: RpcCall[Any, Any]) -> None:
        self._span = span
        self._exchange = exchange

    def end(self, result: Any, error: BaseException | None, attempts: int) -> None:
        """The call is over, well or not.

        Args:
            result: What was made of the answer, as far as it came; None when nothing did.
            error: What the caller gets instead.
            attempts: How often the request was sent.
        """
        span = self._span
        span.set_attribute("xai_vision.attempts", attempts)
        if result is not None and self._exchange.response_attributes is not None:
            span.set_attributes(self._exchange.response_attributes(result))
        if isinstance(error, GeneratorExit):
            # A reader who has seen enough is no failure.
            span.set_attribute("xai_vision.stream.left_early", True)
        elif error is not None:
            from opentelemetry.trace import Status, StatusCode

            span.set_attribute("error.type", _kind(error))
            span.set_status(Status(StatusCode.ERROR, str(error)))
        span.end()


def observe(exchange: RpcCall[Any, Any], connection: ConnectionConfig) -> Observation | None:
    """Begin a span; None when nobody looks."""
    # A program that has set a provider has imported this module; nobody else pays for it.
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    described = exchange.request_attributes
    tracer = trace.get_tracer("xai_vision", __version__)
    span = tracer.start_span(exchange.method.path.lstrip("/"), kind=trace.SpanKind.CLIENT)
    if not span.is_recording():
        return None
    host, _, port = connection.target.rpartition(":")
    span.set_attributes(
        {
            "server.address": host,
            "server.port": int(port),
            "rpc.system": "grpc",
            "rpc.service": exchange.method.service,
            "rpc.method": exchange.method.name,
            "gen_ai.provider.name": "x_ai",
            "xai_vision.request.bytes": len(exchange.body),
        }
    )
    if described is not None:
        attributes = described()
        span.update_name(f"chat {attributes.get('gen_ai.request.model', '')}".rstrip())
        span.set_attributes(attributes)
    return Observation(span, exchange)


def _kind(error: BaseException) -> str:
    code: Any = getattr(error, "code", None)
    status: Any = code() if callable(code) else None
    return getattr(status, "name", type(error).__name__)
