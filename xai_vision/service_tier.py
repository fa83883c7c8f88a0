"""Service tiers: the words of ``create(service_tier=)`` and the enum's values."""

from __future__ import annotations

from typing import Any, get_args

from xai_vision import _validation as checks
from xai_vision.chat._request.parameters import ServiceTier
from xai_vision.chat._request.settings import ServiceTierMap
from xai_vision.proto import usage_pb2

__all__ = ["ServiceTier", "ServiceTierMap", "service_tier_from_proto", "service_tier_to_proto"]


def service_tier_to_proto(tier: ServiceTier) -> usage_pb2.ServiceTier.ValueType:
    """Return the enum's value for a word.

    Raises:
        InvalidRequestError: The word is unknown.
    """
    word: Any = checks.enum("service_tier", tier, get_args(ServiceTier))
    return ServiceTierMap[word]


def service_tier_from_proto(tier: usage_pb2.ServiceTier.ValueType) -> ServiceTier:
    """Return the word for a value of the enum; "default" for an unknown one."""
    return "priority" if tier == usage_pb2.SERVICE_TIER_PRIORITY else "default"
