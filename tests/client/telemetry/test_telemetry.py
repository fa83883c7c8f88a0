"""OpenTelemetry spans: attributes, broken streams, and no secrets."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from tests.client.drivers import DRIVERS
from tests.sample_images import data_url, png
from xai_vision import RetryPolicy
from xai_vision.chat import image
from xai_vision.errors import StreamBrokenError, UnavailableError
from xai_vision.testing import Fault, Reply


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
    usage = response.usage
    output_tokens = usage.completion_tokens + usage.reasoning_tokens
    assert attributes["gen_ai.usage.output_tokens"] == output_tokens
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


@pytest.mark.parametrize("shape", ["sample", "stream"])
def test_tokens_are_counted_as_in_the_conventions(driver, server, spans, shape):
    counts = {"prompt_tokens": 11, "prompt_text_tokens": 8, "prompt_image_tokens": 3}
    counts |= {"cached_prompt_text_tokens": 5, "completion_tokens": 1, "reasoning_tokens": 7}
    server.on().reply(Reply("x", usage={**counts, "total_tokens": 19}))
    getattr(driver, shape)()
    attributes = spans()[0].attributes
    assert {k: v for k, v in attributes.items() if k.startswith("gen_ai.usage.")} == {
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.text.input_tokens": 8,
        "gen_ai.usage.image.input_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "gen_ai.usage.output_tokens": 8,
        "gen_ai.usage.reasoning.output_tokens": 7,
    }


def test_the_conversation(client, server, spans):
    client.chat.create("grok-4").ask("Hi")
    assert not {name for name in spans()[0].attributes if "conversation" in name}
    first = client.chat.create("grok-4", store_messages=True).ask("Hi")
    chat = client.chat.create("grok-4", conversation_id="c1", previous_response_id=first.id)
    chat.ask("And?")
    for _ in chat.ask_stream("And?"):
        pass
    for span in spans()[-2:]:
        assert span.attributes["gen_ai.conversation.id"] == "c1"
        assert span.attributes["xai_vision.request.previous_response_id"] == first.id
    assert [span.attributes.get("gen_ai.request.stream") for span in spans()] == [
        *[None] * 3,
        True,
    ]


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
