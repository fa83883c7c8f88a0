"""OpenTelemetry spans: attributes, broken streams, and no secrets."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.client.drivers import DRIVERS
from tests.sample_images import data_url, png
from xai_vision import RetryPolicy
from xai_vision._transport.tracing import CAPTURE_CONTENT_VARIABLE
from xai_vision.chat import image
from xai_vision.errors import StreamBrokenError, UnavailableError
from xai_vision.testing import Fault, Reply


class Exporter(InMemorySpanExporter):
    """Store spans only while the tests of this module run."""

    enabled = True

    def export(self, spans):
        return super().export(spans) if self.enabled else SpanExportResult.SUCCESS


EXPORTER = Exporter()


@pytest.fixture(scope="session")
def provider():
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)


@pytest.fixture(scope="module", autouse=True)
def exporter(provider):
    # A provider cannot be removed, so the spans of other modules' tests are dropped.
    EXPORTER.enabled = True
    yield
    EXPORTER.enabled = False
    EXPORTER.clear()


@pytest.fixture
def spans():
    EXPORTER.clear()
    return EXPORTER.get_finished_spans


@pytest.fixture(params=DRIVERS)
def driver(request, server):
    driver = DRIVERS[request.param](
        api_key=server.api_key, api_host=server.target, retries=RetryPolicy(initial=0.01)
    )
    yield driver
    driver.close()


@pytest.mark.parametrize("shape", ["sample", "stream"])
def test_a_call_is_a_span(driver, server, spans, shape):
    result = getattr(driver, shape)("What is this?", image(png()))
    response = result if shape == "sample" else result[0]
    (span,) = spans()
    assert span.name == "chat grok-4"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    attributes = dict(span.attributes)
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.provider.name"] == "x_ai"
    assert attributes["gen_ai.request.model"] == "grok-4"
    assert attributes["gen_ai.response.id"] == response.id
    assert attributes["gen_ai.response.model"] == response.model
    assert attributes["gen_ai.response.finish_reasons"] == ("REASON_STOP",)
    assert attributes["gen_ai.usage.input_tokens"] == response.usage.prompt_tokens
    assert attributes["gen_ai.usage.output_tokens"] == response.usage.completion_tokens
    assert attributes["xai_vision.request.image.count"] == 1
    assert attributes["xai_vision.request.image.bytes"] >= len(data_url(png()))
    assert attributes["xai_vision.attempts"] == 1
    assert f"{attributes['server.address']}:{attributes['server.port']}" == server.target
    text = str(attributes)
    assert server.api_key not in text
    assert "What is this?" not in text
    assert response.content[:20] not in text


def test_settings_are_attributes(client, spans):
    chat = client.chat.create("grok-4", temperature=0.5, max_tokens=9, stop=["x"], seed=3)
    chat.ask("Hi")
    attributes = dict(spans()[0].attributes)
    assert attributes["gen_ai.request.temperature"] == 0.5
    assert attributes["gen_ai.request.max_tokens"] == 9
    assert attributes["gen_ai.request.seed"] == 3
    assert attributes["gen_ai.request.stop_sequences"] == ("x",)
    chat.sample_batch(2)
    assert spans()[-1].attributes["gen_ai.request.choice.count"] == 2


def test_content_only_when_opted_in(client, spans, monkeypatch):
    monkeypatch.setenv(CAPTURE_CONTENT_VARIABLE, "true")
    response = client.chat.create("grok-4").ask("What is this?", image(png()))
    attributes = dict(spans()[0].attributes)
    assert attributes["gen_ai.input.messages"] == ("user: What is this?",)
    assert attributes["gen_ai.output.messages"] == (response.content,)
    assert data_url(png())[30:60] not in str(attributes)


@pytest.mark.parametrize("shape", ["sample", "stream"])
def test_a_failed_call(driver, server, spans, shape):
    server.fault(Fault.unavailable("away"))
    with pytest.raises(UnavailableError):
        getattr(driver, shape)()
    (span,) = spans()
    assert span.status.status_code is StatusCode.ERROR
    assert "away" in span.status.description
    assert span.attributes["error.type"] == "UNAVAILABLE"
    assert span.attributes["xai_vision.attempts"] == 5


def test_a_broken_stream(driver, server, spans):
    server.fault(Fault.after_chunks(3))
    with pytest.raises(StreamBrokenError) as caught:
        driver.stream()
    (span,) = spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == "INTERNAL"
    assert span.attributes["gen_ai.response.id"] == caught.value.partial.id


def test_a_stream_closed_early(client, server, spans):
    server.on().reply(Reply("word " * 100, chunks=100, tps=200))
    before = trace.get_current_span()
    for _ in client.chat.create("grok-4", messages=[{"role": "user", "content": "Hi"}]).stream():
        assert trace.get_current_span() is before, "the span does not leak into the reader"
        break
    (span,) = spans()
    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes["xai_vision.stream.left_early"] is True


def test_other_services_have_spans(client, spans):
    client.models.list_language_models()
    (span,) = spans()
    assert span.name == "xai_api.Models/ListLanguageModels"
    assert span.attributes["rpc.method"] == "ListLanguageModels"


def test_without_a_provider_nothing_is_imported_or_computed(server):
    code = f"""
        import sys
        from xai_vision import Client
        from xai_vision.chat import _chat_calls as calls, user
        calls.request_attributes = None  # fails if it is called
        client = Client(api_key={server.api_key!r}, api_host={server.target!r})
        client.chat.create("grok-4").ask("Hi")
        assert "opentelemetry" not in sys.modules
        import opentelemetry.trace  # the API alone, as a library may do
        client.chat.create("grok-4").ask("Hi")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
