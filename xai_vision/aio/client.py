"""The asyncio client, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.client import AsyncClient as Client

__all__ = ["Client"]
