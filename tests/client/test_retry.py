"""The retry policy by itself."""

from __future__ import annotations

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision import ConfigurationError, RetryPolicy
from xai_vision.errors import CertificateError, RateLimitError, ServerError, UnavailableError

AWAY = UnavailableError(grpc.StatusCode.UNAVAILABLE, "away")


@given(
    st.integers(1, 10**9),
    st.floats(0, 1e6),
    st.floats(1, 1e12),
    st.floats(0, 1e6),
    st.floats(0, 0.9),
)
def test_waits_stay_within_bounds(attempt, initial, multiplier, maximum, jitter):
    policy = RetryPolicy(10**9 + 1, 1, initial, 0, multiplier, maximum, jitter)
    wait = policy.wait(AWAY, attempt)
    assert 0 <= wait <= maximum * (1 + jitter)


def test_waits_grow():
    policy = RetryPolicy(jitter=0, initial=0.5, maximum=3)
    assert [policy.wait(AWAY, attempt) for attempt in range(1, 6)] == [0.5, 1, 2, 3, None]


def test_what_is_not_tried_again():
    policy = RetryPolicy()
    assert policy.wait(ServerError(grpc.StatusCode.INTERNAL), 1) is None
    assert policy.wait(CertificateError(grpc.StatusCode.UNAVAILABLE), 1) is None


def test_times_the_service_names():
    limited = RateLimitError(
        grpc.StatusCode.RESOURCE_EXHAUSTED, trailing_metadata=[("retry-after", "7")]
    )
    assert RetryPolicy().wait(limited, 1) == 7
    assert RetryPolicy(rate_limit_attempts=1).wait(limited, 1) is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"attempts": 0}, "attempts must be a whole number of 1 or more"),
        ({"attempts": True}, "attempts must be a whole number of 1 or more"),
        ({"initial": "x"}, "initial must be seconds of 0 or more"),
        ({"initial": True}, "initial must be seconds of 0 or more"),
        ({"maximum": float("nan")}, "maximum must be seconds of 0 or more"),
        ({"multiplier": 0.5}, "multiplier must be 1 or more"),
        ({"jitter": None}, "jitter must be from 0 to below 1"),
        ({"jitter": 1}, "jitter must be from 0 to below 1"),
    ],
)
def test_policies_that_cannot_be(fields, words):
    with pytest.raises(ConfigurationError, match=words):
        RetryPolicy(**fields)
