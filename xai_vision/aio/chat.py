"""The asyncio client's ``chat``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.chat._async_chat import AsyncChat as Chat
from xai_vision.chat._service import AsyncChatService as Client

__all__ = ["Chat", "Client"]
