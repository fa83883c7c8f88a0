"""The blocking client's ``batch``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.batch import BatchService as Client

__all__ = ["Client"]
