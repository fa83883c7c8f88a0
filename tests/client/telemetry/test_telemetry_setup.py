"""xai_vision.telemetry, and xai_sdk's environment variables for spans."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracer

from xai_vision import telemetry
from xai_vision.chat import user

TRACING = "XAI_SDK_DISABLE_TRACING"
CONTENT = "XAI_SDK_DISABLE_SENSITIVE_TELEMETRY_ATTRIBUTES"


@pytest.mark.parametrize(
    ("value", "count"), [("1", 0), ("TRUE", 0), ("true", 0), ("0", 1), ("", 1), ("yes", 1)]
)
def test_tracing_can_be_disabled(client, spans, monkeypatch, value, count):
    monkeypatch.setenv(TRACING, value)
    client.chat.create("grok-4").ask("Hi")
    assert len(spans()) == count
    assert isinstance(telemetry.get_tracer("x"), NoOpTracer) is (count == 0)


@pytest.mark.parametrize(("value", "captured"), [("1", False), ("True", False), ("0", True)])
def test_the_variable_of_xai_sdk_keeps_content_out(client, spans, monkeypatch, value, captured):
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    monkeypatch.setenv(CONTENT, value)
    client.chat.create("grok-4").ask("a secret question")
    [span] = spans()
    assert ("a secret question" in str(dict(span.attributes))) is captured
    assert telemetry.should_disable_sensitive_attributes() is not captured


def test_a_deferred_response_has_one_span_per_call(client, server, spans):
    client.chat.create("grok-4").append(user("Hi")).defer()
    names = [span.name for span in spans()]
    methods = [call.method for call in server.calls]
    assert len(names) == len(methods) >= 2


def test_the_provider_of_the_program_is_used():
    provider, out = TracerProvider(), io.StringIO()
    setup = telemetry.Telemetry(provider)
    assert setup.provider is provider
    setup.setup_console_exporter(out=out)
    with provider.get_tracer("x").start_as_current_span("mine"):
        pass
    assert '"name": "mine"' in out.getvalue()


def test_a_new_provider_becomes_the_global_one_and_gets_the_spans(server):
    code = f"""
        import io
        from opentelemetry import trace
        from xai_vision import Client
        from xai_vision.telemetry import Telemetry
        out = io.StringIO()
        setup = Telemetry()
        assert trace.get_tracer_provider() is setup.provider
        assert setup.provider.resource.attributes["service.name"] == "xai-vision"
        setup.setup_console_exporter(out=out)
        client = Client(api_key={server.api_key!r}, api_host={server.target!r})
        client.chat.create("grok-4").ask("Hi")
        assert '"name": "chat grok-4"' in out.getvalue(), out.getvalue()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_an_unknown_protocol_is_refused(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")
    with pytest.raises(ValueError, match="http/protobuf. or .grpc., not .carrier-pigeon"):
        telemetry.Telemetry(TracerProvider()).setup_otlp_exporter()


@pytest.mark.parametrize(
    ("protocol", "extra"), [("http/protobuf", "telemetry-http"), ("grpc", "telemetry-grpc")]
)
def test_a_missing_exporter_names_its_extra(monkeypatch, protocol, extra):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    monkeypatch.setitem(sys.modules, telemetry._EXPORTERS[protocol][0], None)
    with pytest.raises(ImportError, match=extra):
        telemetry.Telemetry(TracerProvider()).setup_otlp_exporter()
