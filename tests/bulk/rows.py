"""Rows for the tests of jobs."""

from __future__ import annotations

from collections import Counter

from tests import sample_images


def jpeg(number: int) -> bytes:
    return sample_images.builders.jpeg(64, 48, seed=number)


def sent(server) -> Counter:
    """Count the completions by the hash of their image."""
    calls = server.calls.where(method="GetCompletion")
    return Counter(call.images[0].sha256 for call in calls)
