"""The version, under the path of xai_sdk."""

from __future__ import annotations

from xai_vision._version import __version__

__all__ = ["__version__"]
