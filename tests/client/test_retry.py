"""RetryPolicy, without calls."""

from __future__ import annotations

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision import ConfigurationError, RetryPolicy
from xai_vision.errors import CertificateError, RateLimitError, ServerError, UnavailableError

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
    assert policy.wait(CertificateError(grpc.StatusCode.UNAVAILABLE), 1) is None


def test_delays_set_by_the_service():
    limited = RateLimitError(
        grpc.StatusCode.RESOURCE_EXHAUSTED, trailing_metadata=[("retry-after", "7")]
    )
    assert RetryPolicy().wait(limited, 1) == 7
    assert RetryPolicy(rate_limit_attempts=1).wait(limited, 1) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"attempts": 0}, "attempts must be an integer of at least 1, not 0"),
        ({"attempts": True}, "attempts must be an integer, not True"),
        ({"initial": "x"}, "initial must be a finite number of seconds, at least 0"),
        ({"initial": True}, "initial must be a finite number of seconds, at least 0"),
        ({"maximum": float("nan")}, "maximum must be a finite number of seconds, at least 0"),
        ({"multiplier": 0.5}, "multiplier must be a finite number of at least 1"),
        ({"jitter": None}, "jitter must be a number from 0 to below 1"),
        ({"jitter": 1}, "jitter must be a number from 0 to below 1"),
    ],
)
def test_invalid_policies(fields, message):
    with pytest.raises(ConfigurationError, match=message):
        RetryPolicy(**fields)
