"""The blocking client's ``models``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.models import ModelsService as Client

__all__ = ["Client"]
