"""The cost of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xai_vision.proto import usage_pb2

USD_PER_TICK: Final = 1e-10
"""US dollars. The service reports costs in ticks."""
_TICKS_PER_USD: Final = 10**10


def cost_usd_from_usage(usage: usage_pb2.SamplingUsage) -> float | None:
    """Return the cost of a request in US dollars; None if the service does not report it."""
    if not usage.HasField("cost_in_usd_ticks"):
        return None
    # A division is exact where a multiplication by 1e-10 rounds twice.
    return usage.cost_in_usd_ticks / _TICKS_PER_USD
