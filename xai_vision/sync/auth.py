"""The blocking client's ``auth``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.auth import AuthService as Client

__all__ = ["Client"]
