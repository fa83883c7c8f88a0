"""The blocking client's ``collections``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.collections import CollectionsService as Client

__all__ = ["Client"]
