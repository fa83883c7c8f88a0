"""Set up OpenTelemetry for a program, under the names of xai_sdk.

The spans follow OpenTelemetry's semantic conventions for generative AI; their names and attributes
differ from those of xai_sdk.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from xai_vision.__about__ import __version__
from xai_vision._transport.tracing import sensitive_attributes_disabled, tracing_disabled

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

__all__ = ["Telemetry", "get_tracer", "should_disable_sensitive_attributes"]

_EXPORTERS = {
    "http/protobuf": ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "telemetry-http"),
    "grpc": ("opentelemetry.exporter.otlp.proto.grpc.trace_exporter", "telemetry-grpc"),
}


class Telemetry:
    """A provider of OpenTelemetry with its exporters.

    Args:
        provider: The provider to use. Default: a new one with the service name "xai-vision", which
            becomes the global provider.

    Attributes:
        provider: The provider.

    Raises:
        ImportError: OpenTelemetry's SDK is missing; the message names the extra.

    Examples:
        >>> from xai_vision.telemetry import Telemetry
        >>> telemetry = Telemetry()  # doctest: +SKIP
        >>> telemetry.setup_console_exporter()  # doctest: +SKIP
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self.provider = _new_provider() if provider is None else provider

    def setup_otlp_exporter(self, **kwargs: Any) -> None:
        """Send spans to a collector by OTLP.

        The environment variable OTEL_EXPORTER_OTLP_PROTOCOL selects the protocol: "http/protobuf",
        the default, or "grpc".

        Args:
            kwargs: The arguments of OpenTelemetry's ``OTLPSpanExporter``, such as ``endpoint``,
                ``headers`` and ``timeout``.

        Raises:
            ValueError: The protocol is unknown.
            ImportError: The exporter is missing; the message names the extra.
        """
        protocol = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/protobuf"
        if protocol not in _EXPORTERS:
            raise ValueError(
                f"OTEL_EXPORTER_OTLP_PROTOCOL must be 'http/protobuf' or 'grpc', not {protocol!r}"
            )
        name, extra = _EXPORTERS[protocol]
        exporter: SpanExporter = _load(name, extra).OTLPSpanExporter(**kwargs)
        processors = _load("opentelemetry.sdk.trace.export", extra)
        self.provider.add_span_processor(processors.BatchSpanProcessor(exporter))

    def setup_console_exporter(self, **kwargs: Any) -> None:
        """Print each span as JSON when it ends.

        Args:
            kwargs: The arguments of OpenTelemetry's ``ConsoleSpanExporter``, such as ``out``.

        Raises:
            ImportError: OpenTelemetry's SDK is missing; the message names the extra.
        """
        export = _load("opentelemetry.sdk.trace.export", "telemetry-http")
        processor = export.SimpleSpanProcessor(export.ConsoleSpanExporter(**kwargs))
        self.provider.add_span_processor(processor)


def get_tracer(name: str) -> Tracer:
    """Return a tracer; one that records nothing if XAI_SDK_DISABLE_TRACING is "1" or "true"."""
    trace = _load("opentelemetry.trace", "telemetry")
    tracer: Tracer = trace.NoOpTracer() if tracing_disabled() else trace.get_tracer(name)
    return tracer


def should_disable_sensitive_attributes() -> bool:
    """Return whether XAI_SDK_DISABLE_SENSITIVE_TELEMETRY_ATTRIBUTES is "1" or "true"."""
    return sensitive_attributes_disabled()


def _new_provider() -> TracerProvider:
    sdk = _load("opentelemetry.sdk.trace", "telemetry-http")
    resources = _load("opentelemetry.sdk.resources", "telemetry-http")
    trace = _load("opentelemetry.trace", "telemetry")
    resource = resources.Resource.create(
        {resources.SERVICE_NAME: "xai-vision", resources.SERVICE_VERSION: __version__}
    )
    provider: TracerProvider = sdk.TracerProvider(resource=resource)
    trace.set_tracer_provider(provider)
    return provider


def _load(module: str, extra: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module} is not installed. Run: pip install 'xai-vision[{extra}]'"
        ) from error
