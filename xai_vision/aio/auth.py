"""The asyncio client's ``auth``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.auth import AsyncAuthService as Client

__all__ = ["Client"]
