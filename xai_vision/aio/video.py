"""The asyncio client's ``video``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.video import AsyncVideoService as Client

__all__ = ["Client"]
