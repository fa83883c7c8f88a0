"""The asyncio client's ``files``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.files import AsyncFilesService as Client

__all__ = ["Client"]
