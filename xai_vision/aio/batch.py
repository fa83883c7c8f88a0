"""The asyncio client's ``batch``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services._batch.async_service import AsyncBatchService as Client

__all__ = ["Client"]
