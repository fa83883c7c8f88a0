"""The blocking client's ``chat``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.chat._chat import Chat
from xai_vision.chat._service import ChatService as Client

__all__ = ["Chat", "Client"]
