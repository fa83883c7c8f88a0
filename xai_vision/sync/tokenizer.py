"""The blocking client's ``tokenize``, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision.services.tokenize import TokenizeService as Client

__all__ = ["Client"]
