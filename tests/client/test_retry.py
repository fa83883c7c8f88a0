"""RetryPolicy, and the delays that the service sets."""

from __future__ import annotations

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision import ConfigurationError, RetryPolicy
from xai_vision.chat import user
from xai_vision.errors import (
    CertificateError,
    OutOfCreditsError,
    RateLimitError,
    ServerError,
    UnavailableError,
)
from xai_vision.testing import Fault

UNREACHABLE = UnavailableError(grpc.StatusCode.UNAVAILABLE, "away")


@given(
    st.integers(1, 10**9),
    st.floats(0, 1e6),
    st.floats(1, 1e12),
    st.floats(0, 1e6),
    st.floats(0, 0.9),
)
def test_delays_stay_within_bounds(attempt, initial, multiplier, maximum, jitter):
    policy = RetryPolicy(10**9 + 1, 1, initial, 0, multiplier, maximum, jitter)
    delay = policy.wait(UNREACHABLE, attempt)
    assert 0 <= delay <= maximum * (1 + jitter)


def test_delays_grow():
    policy = RetryPolicy(jitter=0, initial=0.5, maximum=3)
    assert [policy.wait(UNREACHABLE, attempt) for attempt in range(1, 6)] == [0.5, 1, 2, 3, None]


def test_errors_that_are_not_retried():
    policy = RetryPolicy()
    assert policy.wait(ServerError(grpc.StatusCode.INTERNAL), 1) is None
    assert policy.wait(OutOfCreditsError(grpc.StatusCode.RESOURCE_EXHAUSTED), 1) is None
    assert policy.wait(CertificateError(grpc.StatusCode.UNAVAILABLE), 1) is None


def test_delays_set_by_the_service():
    limited = RateLimitError(
        grpc.StatusCode.RESOURCE_EXHAUSTED, trailing_metadata=[("retry-after", "7")]
    )
    assert RetryPolicy().wait(limited, 1) == 7
    assert RetryPolicy(rate_limit_attempts=1).wait(limited, 1) is None


@pytest.mark.parametrize(
    "pair", [("retry-after", "121"), ("retry-after", "1e9"), ("grpc-retry-pushback-ms", "121000")]
)
def test_a_longer_delay_than_allowed_is_not_waited_for(pair):
    limited = RateLimitError(grpc.StatusCode.RESOURCE_EXHAUSTED, trailing_metadata=[pair])
    assert RetryPolicy().wait(limited, 1) is None
    assert limited.retry_after >= 121
    assert RetryPolicy(max_retry_after=2e9).wait(limited, 1) == limited.retry_after
    unreachable = UnavailableError(grpc.StatusCode.UNAVAILABLE, trailing_metadata=[pair])
    delay = RetryPolicy(jitter=0).wait(unreachable, 1)
    assert delay == (0.2 if pair[0] == "retry-after" else None)


def test_a_long_retry_after_reaches_the_caller(client, server):
    server.on().replies(Fault.rate_limited(retry_after=600))
    with pytest.raises(RateLimitError, match=r"wait \.retry_after seconds") as caught:
        client.chat.create("grok-4").append(user("Hi")).sample()
    assert caught.value.retry_after == 600
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"attempts": 0}, "attempts must be an integer of at least 1, not 0"),
        ({"attempts": True}, "attempts must be an integer, not True"),
        ({"initial": "x"}, "initial must be a finite number of seconds, at least 0"),
        ({"initial": True}, "initial must be a finite number of seconds, at least 0"),
        ({"maximum": float("nan")}, "maximum must be a finite number of seconds, at least 0"),
        ({"max_retry_after": -1}, "max_retry_after must be a finite number of seconds"),
        ({"multiplier": 0.5}, "multiplier must be a finite number of at least 1"),
        ({"jitter": None}, "jitter must be a number from 0 to below 1"),
        ({"jitter": 1}, "jitter must be a number from 0 to below 1"),
    ],
)
def test_invalid_policies(fields, message):
    with pytest.raises(ConfigurationError, match=message):
        RetryPolicy(**fields)
