"""The asyncio client's ``collections``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services._collections.async_service import AsyncCollectionsService as Client

__all__ = ["Client"]
