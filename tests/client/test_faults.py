"""Faults of the service and the resulting errors, for both clients, unary and streamed."""

from __future__ import annotations

import time

import grpc
import pytest

from tests.client.drivers import SHAPES, get_response
from tests.sample_images import MIB, jpeg_of
from tests.testing.waiting import LIMIT
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
def test_unavailable_is_retried_with_requests_of_any_size(driver, server, shape, size, failures):
    content = ["Hi"] if size == 1024 else [image(jpeg_of(size // (2 if size > 20 * MIB else 1)))]
    content *= 2 if size > 20 * MIB else 1
    server.fault(Fault.unavailable(), next=failures)
    assert get_response(driver, shape, *content).finish_reason == "REASON_STOP"
    assert len(server.calls) == failures + 1
    received = [sum(image.size for image in call.images) for call in server.calls]
    assert received == [(size if size > 1024 else 0)] * (failures + 1), "every attempt sends all"


@SHAPES
def test_five_attempts_and_no_more(driver, server, shape):
    server.fault(Fault.unavailable("gone fishing"))
    with pytest.raises(UnavailableError, match=r"gone fishing \(after 5 attempts") as caught:
        get_response(driver, shape)
    assert caught.value.attempts == len(server.calls) == 5
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@SHAPES
@pytest.mark.parametrize("retries", [0, RetryPolicy(attempts=1)])
def test_retries_can_be_disabled(driver, server, shape, retries):
    server.fault(Fault.unavailable(), next=1)
    with pytest.raises(UnavailableError):
        get_response(driver, shape, retries=retries)
    assert len(server.calls) == 1


@SHAPES
def test_a_retry_waits_for_retry_after(driver, server, shape):
    server.fault(Fault.rate_limited(retry_after=0.3), next=1)
    start = time.monotonic()
    assert get_response(driver, shape).content
    assert time.monotonic() - start >= 0.3
    assert len(server.calls) == 2


@SHAPES
def test_a_lasting_rate_limit(driver, server, shape):
    server.fault(Fault.rate_limited(retry_after=0.01))
    with pytest.raises(RateLimitError, match="after 5 attempts.*wait .retry_after") as caught:
        get_response(driver, shape)
    assert caught.value.retry_after == 0.01
    assert len(server.calls) == 5


@SHAPES
def test_no_retry_beyond_the_deadline(driver, server, shape):
    server.fault(Fault.rate_limited(retry_after=600))
    with pytest.raises(RateLimitError) as caught:
        get_response(driver, shape, timeout=300)
    assert caught.value.retry_after == 600
    assert len(server.calls) == 1


@SHAPES
@pytest.mark.parametrize(("pushback", "attempts"), [("-1", 1), ("20", 2), ("soon", 1)])
def test_pushback_of_the_server(driver, server, shape, pushback, attempts):
    fault = Fault.unavailable(trailing={"grpc-retry-pushback-ms": pushback})
    server.fault(fault, next=1)
    if attempts == 1:
        with pytest.raises(UnavailableError):
            get_response(driver, shape)
    else:
        assert get_response(driver, shape).content
    assert len(server.calls) == attempts


@SHAPES
@pytest.mark.parametrize(
    "code", ["INTERNAL", "UNKNOWN", "INVALID_ARGUMENT", "NOT_FOUND", "ABORTED", "DATA_LOSS"]
)
def test_other_statuses_are_not_retried(driver, server, shape, code):
    server.fault(Fault.status(code, "no"))
    with pytest.raises(APIError, match=f"{code}: no") as caught:
        get_response(driver, shape)
    assert caught.value.code().name == code
    assert caught.value.attempts == len(server.calls) == 1


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED"])
def test_no_retry_after_the_first_chunk(driver, server, code):
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
def test_a_malformed_response(driver, server, shape):
    server.fault(Fault.malformed())
    with pytest.raises(ServerError) as caught:
        get_response(driver, shape)
    assert caught.value.code() is grpc.StatusCode.INTERNAL


@SHAPES
def test_a_safety_refusal(driver, server, shape):
    server.fault(Fault.safety_refusal())
    with pytest.raises(SafetyRefusalError, match="retrying will not help") as caught:
        get_response(driver, shape)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


@SHAPES
def test_a_hanging_call_ends_at_the_deadline(driver, server, shape):
    server.fault(Fault.hang())
    start = time.monotonic()
    with pytest.raises(RequestTimeoutError, match="timeout=") as caught:
        get_response(driver, shape, timeout=0.4)
    assert time.monotonic() - start >= 0.35
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.calls.last.wait_cancelled(LIMIT)


def test_a_silent_stream_ends_at_idle_timeout(driver, server):
    server.fault(Fault.hang(after_chunks=2))
    with pytest.raises(RequestTimeoutError, match=r"silent for 0.3 seconds \(idle_timeout\)") as e:
        driver.stream(idle_timeout=0.3)
    assert e.value.partial.content
    assert server.calls.last.wait_cancelled(LIMIT)


def test_a_steady_stream_outlasts_idle_timeout(driver, server):
    server.on().reply(Reply("a b c d e f g h", chunks=8, tps=2))
    response, count = driver.stream(idle_timeout=2.5)
    assert response.content == "a b c d e f g h"
    assert count >= 8


@SHAPES
def test_size_errors_name_the_message_and_its_size(kind, server, shape):
    options = [("grpc.max_receive_message_length", 40)]
    driver = kind(api_key=server.api_key, api_host=server.target, channel_options=options)
    with pytest.raises(
        MessageTooLargeError, match="larger than max.*The response is too large"
    ) as caught:
        get_response(driver, shape)
    assert len(server.calls) == 1, "a size limit is not retried"
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    driver.close()
    options = [("grpc.max_send_message_length", 1000)]
    driver = kind(api_key=server.api_key, api_host=server.target, channel_options=options)
    with pytest.raises(
        MessageTooLargeError, match=r"The request is too large \(0\.\d+ MiB\)"
    ) as caught:
        get_response(driver, shape, "x" * 200_000)
    driver.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 0}, "timeout must be a finite time above 0"),
        ({"timeout": -1}, "timeout must be a finite time above 0"),
        ({"timeout": float("nan")}, "timeout must be a finite time above 0"),
        ({"timeout": float("inf")}, "timeout must be a finite time above 0"),
        ({"timeout": "5"}, "timeout must be seconds or a timedelta, not str"),
        ({"timeout": True}, "timeout must be seconds or a timedelta, not bool"),
        ({"retries": -1}, "retries must be an integer of at least 0"),
        ({"retries": "3"}, "retries must be an integer of at least 0"),
        ({"wait_for_ready": 1}, "wait_for_ready must be True or False"),
    ],
)
@SHAPES
def test_invalid_call_options(driver, server, shape, options, message):
    with pytest.raises(ValueError, match=message):
        get_response(driver, shape, **options)
    assert len(server.calls) == 0


def test_idle_timeout_is_for_streams(driver, server):
    with pytest.raises(TypeError, match="unexpected keyword argument 'idle_timeout'"):
        driver.sample(idle_timeout=3)
    with pytest.raises(ValueError, match="idle_timeout must be a finite time above 0"):
        driver.stream(idle_timeout=0)
    assert len(server.calls) == 0
