"""Types of several services."""

from __future__ import annotations

from xai_vision.chat._request.parameters import ServiceTier

__all__ = ["ServiceTier"]
