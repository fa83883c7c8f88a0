"""The asyncio client's ``tokenize``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.tokenize import AsyncTokenizeService as Client

__all__ = ["Client"]
