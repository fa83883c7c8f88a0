"""Blocking streams through interceptors that hide grpc's call object, as instrumentation does."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import grpc
import pytest

from tests.sample_images import MIB, jpeg_of
from xai_vision import Client, RetryPolicy
from xai_vision.chat import image, user
from xai_vision.errors import (
    RequestCancelledError,
    RequestTimeoutError,
    StreamBrokenError,
    UnavailableError,
)
from xai_vision.testing import Fault, Reply

LIMIT = 60  # seconds; a limit for waits, not a measurement


class HidingInterceptor(grpc.UnaryStreamClientInterceptor):
    """Returns a generator, which has no ``cancel()``."""

    def intercept_unary_stream(self, continuation, details, request):
        return self._messages(continuation(details, request))

    def _messages(self, call):
        yield from call


@pytest.fixture
def client(server, monkeypatch):
    plain = grpc.insecure_channel

    def insecure_channel(*args, **kwargs):
        return grpc.intercept_channel(plain(*args, **kwargs), HidingInterceptor())

    monkeypatch.setattr(grpc, "insecure_channel", insecure_channel)
    with Client(
        api_key=server.api_key, api_host=server.target, retries=RetryPolicy(initial=0.01)
    ) as client:
        yield client


def open_stream(client, **kwargs):
    return client.chat.create("grok-4").append(user("x")).stream(**kwargs)


def test_a_whole_stream(server, client):
    server.on().reply(Reply("word " * 30, chunks=30))
    pairs = list(open_stream(client))
    assert pairs[-1][0].content == "word " * 30
    assert len(pairs) > 30


@pytest.mark.parametrize("idle", [None, 300])
def test_an_early_end_cancels_the_call(server, client, capfd, idle):
    server.on().reply(Reply("word " * 2000, chunks=400, tps=200))
    for _ in open_stream(client, idle_timeout=idle):
        break
    assert server.calls.last.wait_cancelled(LIMIT)
    assert capfd.readouterr().err == ""


def test_the_deadline(server, client):
    server.on().replies(Fault.hang())
    with pytest.raises(RequestTimeoutError, match="longer timeout="):
        list(open_stream(client, timeout=0.3))


def test_the_idle_timeout_ends_a_call_that_cannot_be_cancelled(server, client):
    server.on().replies(Fault.hang(after_chunks=1))
    with pytest.raises(RequestTimeoutError, match=r"silent for 0.3 seconds \(idle_timeout\)"):
        list(open_stream(client, idle_timeout=0.3))


def test_a_broken_stream(server, client):
    server.on().replies(Fault.after_chunks(2))
    with pytest.raises(StreamBrokenError, match="INTERNAL") as caught:
        list(open_stream(client))
    assert caught.value.partial.content


def test_a_retry(server, client):
    server.on().replies(Fault.unavailable(), Reply("answer"))
    assert list(open_stream(client))[-1][0].content == "answer"
    assert [call.status for call in server.calls] == ["UNAVAILABLE", "OK"]


def test_an_error_of_the_last_attempt(server, client):
    server.on().replies(Fault.unavailable())
    with pytest.raises(UnavailableError, match="Check the host"):
        list(open_stream(client, retries=0))


def test_cancel_from_another_thread(server, client):
    server.on().replies(Fault.hang())
    stream = open_stream(client)
    thread = threading.Thread(target=list, args=[stream], daemon=True)
    thread.start()
    assert server.calls.wait_for(1, LIMIT)
    stream.cancel()
    thread.join(LIMIT)
    assert not thread.is_alive()


def test_closing_the_client(server, client):
    server.on().replies(Fault.hang())
    errors = []

    def read():
        with pytest.raises(RequestCancelledError, match="closed during the call") as caught:
            list(open_stream(client))
        errors.append(caught.value)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert server.calls.wait_for(1, LIMIT)
    client.close()
    thread.join(LIMIT)
    assert len(errors) == 1


def test_large_and_small_unary_calls(server, client):
    for size in (MIB // 10, 2 * MIB):
        chat = client.chat.create("grok-4").append(user(image(jpeg_of(size))))
        assert chat.sample().content
    assert len(server.calls) == 2


class FailingInterceptor(grpc.UnaryUnaryClientInterceptor):
    """Raises an error without a status as soon as its event is set."""

    def __init__(self):
        self.called, self.closed = threading.Event(), threading.Event()

    def intercept_unary_unary(self, continuation, details, request):
        self.called.set()
        assert self.closed.wait(LIMIT)
        raise grpc.RpcError


def test_an_error_without_a_status_while_the_client_is_closed(server, monkeypatch):
    interceptor = FailingInterceptor()
    plain = grpc.insecure_channel
    monkeypatch.setattr(
        grpc,
        "insecure_channel",
        lambda *args, **kwargs: grpc.intercept_channel(plain(*args, **kwargs), interceptor),
    )
    client = Client(server.api_key, api_host=server.target)
    errors = []

    def call():
        with pytest.raises(RequestCancelledError, match="closed during the call") as caught:
            client.chat.create("grok-4").append(user("x")).sample()
        errors.append(caught.value)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    assert interceptor.called.wait(LIMIT)
    client.close()
    interceptor.closed.set()
    thread.join(LIMIT)
    assert len(errors) == 1


INSTRUMENTED = """
    import sys
    from opentelemetry.instrumentation.grpc import GrpcInstrumentorClient
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry import trace

    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    GrpcInstrumentorClient().instrument()

    from xai_vision import Client
    from xai_vision.chat import user
    from xai_vision.errors import RequestTimeoutError, StreamBrokenError
    from xai_vision.testing import FakeServer, Fault, Reply

    with FakeServer() as server, Client(server.api_key, api_host=server.target) as client:
        chat = client.chat.create("grok-4").append(user("x"))
        server.on().replies(
            Reply("word " * 30, chunks=30),
            Reply("word " * 2000, chunks=400, tps=200),
            Fault.hang(after_chunks=1),
            Fault.after_chunks(2),
            Fault.unavailable(), Reply("retried"),
            Reply("unary"),
        )
        assert list(chat.stream())[-1][0].content == "word " * 30
        for _ in chat.stream():
            break
        assert server.calls.last.wait_cancelled(60)
        for options in ({"idle_timeout": 0.3}, {}):
            try:
                list(chat.stream(**options))
            except (RequestTimeoutError, StreamBrokenError) as error:
                print(type(error).__name__)
        print(list(chat.stream())[-1][0].content)
        print(chat.sample().content)
        print(sorted({span.name for span in spans.get_finished_spans()}))
        assert server.calls.last.header("traceparent")
"""


def test_opentelemetry_instrumentation():
    pytest.importorskip("opentelemetry.instrumentation.grpc", reason="in the group dev")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(INSTRUMENTED)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "RequestTimeoutError",
        "StreamBrokenError",
        "retried",
        "unary",
        "['/xai_api.Chat/GetCompletion', '/xai_api.Chat/GetCompletionChunk', 'chat grok-4']",
    ]
