"""What goes wrong on the way, and what the caller sees: sync and async, whole and streamed."""

from __future__ import annotations

import time

import grpc
import pytest

from tests.client.both import SHAPES, answer
from tests.pictures import MIB, jpeg_of
from xai_vision import RetryPolicy
from xai_vision.chat import image
from xai_vision.errors import (
    APIError,
    MessageTooLargeError,
    RateLimitError,
    RequestTimeoutError,
    SafetyRefusalError,
    ServerError,
    StreamBrokenError,
    UnavailableError,
)
from xai_vision.testing import Fault, Reply


@SHAPES
@pytest.mark.parametrize(
    "size",
    [1024, MIB, pytest.param(30 * MIB, marks=pytest.mark.slow)],
    ids=["1KiB", "1MiB", "30MiB"],
)
@pytest.mark.parametrize("failures", [1, 4])
def test_unavailable_is_tried_again_whatever_the_size(driver, server, shape, size, failures):
    content = ["Hi"] if size == 1024 else [image(jpeg_of(size // (2 if size > 20 * MIB else 1)))]
    content *= 2 if size > 20 * MIB else 1
    server.fault(Fault.unavailable(), next=failures)
    assert answer(driver, shape, *content).finish_reason == "REASON_STOP"
    assert len(server.calls) == failures + 1
    arrived = [sum(shown.size for shown in call.images) for call in server.calls]
    assert arrived == [(size if size > 1024 else 0)] * (failures + 1), "each carried all of it"


@SHAPES
def test_five_attempts_and_no_more(driver, server, shape):
    server.fault(Fault.unavailable("gone fishing"))
    with pytest.raises(UnavailableError, match="gone fishing after 5 attempts") as caught:
        answer(driver, shape)
    assert caught.value.attempts == len(server.calls) == 5
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@SHAPES
@pytest.mark.parametrize("retries", [0, RetryPolicy(attempts=1)])
def test_no_retries_on_request(driver, server, shape, retries):
    server.fault(Fault.unavailable(), next=1)
    with pytest.raises(UnavailableError):
        answer(driver, shape, retries=retries)
    assert len(server.calls) == 1


@SHAPES
def test_a_rate_limit_is_waited_for_as_long_as_the_service_says(driver, server, shape):
    server.fault(Fault.rate_limited(retry_after=0.3), next=1)
    began = time.monotonic()
    assert answer(driver, shape).content
    assert 0.3 <= time.monotonic() - began < 2
    assert len(server.calls) == 2


@SHAPES
def test_a_rate_limit_that_lasts(driver, server, shape):
    server.fault(Fault.rate_limited(retry_after=0.01))
    with pytest.raises(RateLimitError, match="after 5 attempts.*retry_after says") as caught:
        answer(driver, shape)
    assert caught.value.retry_after == 0.01
    assert len(server.calls) == 5


@SHAPES
def test_a_wait_beyond_the_deadline_is_not_begun(driver, server, shape):
    server.fault(Fault.rate_limited(retry_after=60))
    began = time.monotonic()
    with pytest.raises(RateLimitError) as caught:
        answer(driver, shape, timeout=5)
    assert time.monotonic() - began < 1
    assert caught.value.retry_after == 60
    assert len(server.calls) == 1


@SHAPES
@pytest.mark.parametrize(("pushback", "attempts"), [("-1", 1), ("20", 2), ("soon", 1)])
def test_pushback_of_the_server(driver, server, shape, pushback, attempts):
    fault = Fault.unavailable(trailing={"grpc-retry-pushback-ms": pushback})
    server.fault(fault, next=1)
    if attempts == 1:
        with pytest.raises(UnavailableError):
            answer(driver, shape)
    else:
        assert answer(driver, shape).content
    assert len(server.calls) == attempts


@SHAPES
@pytest.mark.parametrize(
    "code", ["INTERNAL", "UNKNOWN", "INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "DATA_LOSS"]
)
def test_nothing_else_is_tried_again(driver, server, shape, code):
    server.fault(Fault.status(code, "no"))
    with pytest.raises(APIError, match=f"{code}: no") as caught:
        answer(driver, shape)
    assert caught.value.code().name == code
    assert caught.value.attempts == len(server.calls) == 1


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED"])
def test_never_again_after_the_first_chunk(driver, server, code):
    server.fault(Fault.after_chunks(3, status=code))
    with pytest.raises(APIError) as caught:
        driver.stream()
    assert len(server.calls) == caught.value.attempts == 1
    assert caught.value.partial is not None
    assert caught.value.partial.content
    if code != "RESOURCE_EXHAUSTED":
        assert isinstance(caught.value, StreamBrokenError)
        assert "in .partial" in str(caught.value)


def test_a_stream_without_a_finish_reason(driver, server):
    server.fault(Fault.truncated(after_chunks=2))
    with pytest.raises(StreamBrokenError, match="without a finish reason") as caught:
        driver.stream()
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.partial.content


@SHAPES
def test_garbled_bytes(driver, server, shape):
    server.fault(Fault.malformed())
    with pytest.raises(ServerError) as caught:
        answer(driver, shape)
    assert caught.value.code() is grpc.StatusCode.INTERNAL


@SHAPES
def test_a_safety_refusal(driver, server, shape):
    server.fault(Fault.safety_refusal())
    with pytest.raises(SafetyRefusalError, match="sending it again will not help") as caught:
        answer(driver, shape)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


@SHAPES
def test_a_black_hole_ends_at_the_deadline(driver, server, shape):
    server.fault(Fault.hang())
    began = time.monotonic()
    with pytest.raises(RequestTimeoutError, match="timeout=") as caught:
        answer(driver, shape, timeout=0.4)
    assert 0.35 <= time.monotonic() - began < 2
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.calls.last.wait_cancelled()


def test_a_silent_stream_ends_at_idle_timeout(driver, server):
    server.fault(Fault.hang(after_chunks=2))
    began = time.monotonic()
    with pytest.raises(RequestTimeoutError, match=r"silent for 0.3 seconds \(idle_timeout\)") as e:
        driver.stream(idle_timeout=0.3)
    assert time.monotonic() - began < 2
    assert e.value.partial.content
    assert server.calls.last.wait_cancelled()


def test_a_stream_that_keeps_coming_outlasts_idle_timeout(driver, server):
    server.on().reply(Reply("a b c d e f g h", chunks=8, tps=20))
    response, count = driver.stream(idle_timeout=0.3)
    assert response.content == "a b c d e f g h"
    assert count >= 8


@SHAPES
def test_size_limits_say_which_message_was_how_large(kind, server, shape):
    options = [("grpc.max_receive_message_length", 40)]
    driver = kind(api_key=server.api_key, api_host=server.target, channel_options=options)
    with pytest.raises(
        MessageTooLargeError, match="larger than max.*the answer that is too large"
    ) as caught:
        answer(driver, shape)
    assert len(server.calls) == 1, "a size limit is not tried again"
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    driver.close()
    options = [("grpc.max_send_message_length", 1000)]
    driver = kind(api_key=server.api_key, api_host=server.target, channel_options=options)
    with pytest.raises(MessageTooLargeError, match=r"the request, which was 0\.\d+ MiB") as caught:
        answer(driver, shape, "x" * 200_000)
    driver.close()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"timeout": 0}, "timeout must be a finite time above 0"),
        ({"timeout": -1}, "timeout must be a finite time above 0"),
        ({"timeout": float("nan")}, "timeout must be a finite time above 0"),
        ({"timeout": float("inf")}, "timeout must be a finite time above 0"),
        ({"timeout": "5"}, "timeout must be seconds or a timedelta, not str"),
        ({"timeout": True}, "timeout must be seconds or a timedelta, not bool"),
        ({"retries": -1}, "retries must be a whole number of 0 or more"),
        ({"retries": "3"}, "retries must be a whole number of 0 or more"),
        ({"wait_for_ready": 1}, "wait_for_ready must be True or False"),
    ],
)
@SHAPES
def test_call_options_that_cannot_be(driver, server, shape, call, words):
    with pytest.raises(ValueError, match=words):
        answer(driver, shape, **call)
    assert len(server.calls) == 0


def test_idle_timeout_is_for_streams(driver, server):
    with pytest.raises(TypeError, match="no keyword 'idle_timeout'"):
        driver.sample(idle_timeout=3)
    with pytest.raises(ValueError, match="idle_timeout must be a finite time above 0"):
        driver.stream(idle_timeout=0)
    assert len(server.calls) == 0
