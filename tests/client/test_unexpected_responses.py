"""Responses that a gRPC service would not send: proxies, resets, missing and huge messages."""

from __future__ import annotations

import contextlib
import threading
from concurrent import futures

import grpc
import pytest

from tests.client.drivers import FAST_RETRIES, SHAPES, get_response
from tests.client.http2_server import (
    BARRIER,
    DATA,
    END_STREAM,
    answer,
    frame,
    grpc_headers,
    headers,
    message,
    reset,
    serve,
)
from xai_vision import Client
from xai_vision.chat import user
from xai_vision.errors import (
    MessageTooLargeError,
    RateLimitError,
    ServerError,
    StreamBrokenError,
    UnavailableError,
)
from xai_vision.proto import chat_pb2, deferred_pb2, sample_pb2
from xai_vision.testing import Fault

MIB = 1024 * 1024


def chunk(text, reason=0):
    return chat_pb2.GetChatCompletionChunk(
        id="r",
        outputs=[
            chat_pb2.CompletionOutputChunk(
                index=0,
                delta=chat_pb2.Delta(content=text, role=chat_pb2.ROLE_ASSISTANT),
                finish_reason=reason,
            )
        ],
    )


def http_error(status, body=b"<html>no backend</html>"):
    return lambda stream: (
        headers(stream, status=status, content_type="text/html")
        + frame(DATA, END_STREAM, stream, body)
    )


def whole_stream(stream):
    body = chunk("done", sample_pb2.REASON_STOP).SerializeToString()
    return grpc_headers(stream) + message(stream, body) + headers(stream, end=True, grpc_status="0")


@contextlib.contextmanager
def driver_of(kind, target, **kwargs):
    driver = kind(api_key="k", api_host=target, retries=FAST_RETRIES, **kwargs)
    try:
        yield driver
    finally:
        driver.close()


@pytest.mark.parametrize("status", ["502", "503", "504"])
def test_an_http_error_before_the_first_chunk_is_retried(kind, status):
    with (
        serve(*[http_error(status)] * 3, whole_stream) as (target, requests),
        driver_of(kind, target) as driver,
    ):
        response, _ = driver.stream()
        assert response.content == "done"
        assert len(requests) == 4


@SHAPES
@pytest.mark.parametrize("status", ["502", "503"])
def test_an_http_error_of_every_attempt(kind, shape, status):
    with serve(http_error(status)) as (target, requests), driver_of(kind, target) as driver:
        with pytest.raises(UnavailableError, match="after 5 attempts.*Check the host") as caught:
            get_response(driver, shape)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert len(requests) == 5


@SHAPES
@pytest.mark.parametrize("reason", [77, -3])
def test_an_unknown_finish_reason(kind, shape, reason):
    whole = chat_pb2.GetChatCompletionResponse(
        outputs=[{"message": {"content": "done", "role": 2}, "finish_reason": reason}]
    )
    body = chunk("done", reason) if shape == "stream" else whole
    with grpc_server(body.SerializeToString()) as target, driver_of(kind, target) as driver:
        response = get_response(driver, shape)
    assert response.content == "done"
    assert response.finish_reason == f"UNKNOWN_{reason}"
    assert f"finish_reason=UNKNOWN_{reason}" in repr(response)


def test_an_unknown_status_of_a_deferred_response():
    started = deferred_pb2.StartDeferredResponse(request_id="d")
    status = chat_pb2.GetDeferredCompletionResponse(status=77)
    with (
        serve(answer(started), answer(status)) as (target, _),
        Client(api_key="k", api_host=target) as client,
        pytest.raises(ServerError, match="deferred response d: status UNKNOWN_77") as caught,
    ):
        client.chat.create("grok-4", messages=[user("Hi")]).defer()
    assert caught.value.code() is grpc.StatusCode.INTERNAL


# 2: INTERNAL_ERROR, 7: REFUSED_STREAM, 8: CANCEL, 11: ENHANCE_YOUR_CALM, 12: INADEQUATE_SECURITY.
@pytest.mark.parametrize("code", [2, 7, 8, 11, 12])
def test_a_reset_in_mid_stream_breaks_the_stream(kind, code):
    def script(stream):
        body = chunk("first").SerializeToString()
        return grpc_headers(stream) + message(stream, body) + BARRIER + reset(stream, code)

    was_read = threading.Event()
    with (
        serve(script, was_read=was_read) as (target, requests),
        driver_of(kind, target) as driver,
        pytest.raises(StreamBrokenError, match=r"in \.partial; send the request") as caught,
    ):
        driver.stream(each=lambda _: was_read.set())
    assert caught.value.partial.content == "first"
    assert len(requests) == 1


def test_a_reset_before_the_response_with_enhance_your_calm_is_a_rate_limit(kind):
    with (
        serve(lambda stream: reset(stream, 11), whole_stream) as (target, requests),
        driver_of(kind, target) as driver,
    ):
        with pytest.raises(RateLimitError, match="RESOURCE_EXHAUSTED"):
            driver.stream(retries=0)
        assert driver.stream()[0].content == "done"
        assert len(requests) == 2


@SHAPES
@pytest.mark.parametrize("size", [20_000, 300_000])
def test_too_large_headers_are_an_error_of_the_server(driver, server, shape, size):
    server.on().replies(Fault.status("NOT_FOUND", "x", trailing={"padding": "x" * size}))
    with pytest.raises(ServerError, match="metadata size exceeds") as caught:
        get_response(driver, shape)
    assert caught.value.attempts == len(server.calls) == 1


class Handler(grpc.GenericRpcHandler):
    """Answers every call with the same messages."""

    def __init__(self, *messages):
        self.messages = messages

    def service(self, details):
        return grpc.stream_stream_rpc_method_handler(self.respond)

    def respond(self, requests, context):
        list(requests)
        yield from self.messages


@contextlib.contextmanager
def grpc_server(*messages, compression=None):
    server = grpc.server(
        futures.ThreadPoolExecutor(2),
        handlers=[Handler(*messages)],
        options=[("grpc.max_send_message_length", -1)],
        compression=compression,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_ok_without_a_message(kind):
    with grpc_server() as target, driver_of(kind, target) as driver:
        with pytest.raises(ServerError, match="reported success but sent no response") as caught:
            driver.sample()
        assert caught.value.code() is grpc.StatusCode.INTERNAL
        with pytest.raises(StreamBrokenError, match="without a finish reason"):
            driver.stream()


@SHAPES
def test_a_compressed_message_over_the_limit(kind, shape):
    # Field 15 of the message is unknown, so only the size counts.
    bomb = b"\x7a" + varint(130 * MIB) + bytes(130 * MIB)
    with (
        grpc_server(bomb, compression=grpc.Compression.Gzip) as target,
        driver_of(kind, target) as driver,
    ):
        words = r"larger than max.*raise grpc.max_receive_message_length in channel_options="
        with pytest.raises(MessageTooLargeError, match=words) as caught:
            get_response(driver, shape)
        assert caught.value.attempts == 1


def test_the_limit_can_be_changed(kind):
    body = chat_pb2.GetChatCompletionResponse(
        outputs=[{"message": {"content": "x" * (2 * MIB), "role": "ROLE_ASSISTANT"}}]
    ).SerializeToString()
    limit = [("grpc.max_receive_message_length", MIB)]
    with grpc_server(body) as target:
        with (
            driver_of(kind, target, channel_options=limit) as driver,
            pytest.raises(MessageTooLargeError, match="larger than max"),
        ):
            driver.sample()
        with driver_of(kind, target) as driver:
            assert len(driver.sample().content) == 2 * MIB


def varint(number):
    encoded = b""
    while number >= 128:
        encoded += bytes([number % 128 + 128])
        number //= 128
    return encoded + bytes([number])
