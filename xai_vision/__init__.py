"""Ask Grok about pictures over gRPC.

``Client`` and ``AsyncClient`` are the way in; ``xai_vision.chat`` makes messages and pictures,
``xai_vision.errors`` draws the tree of what can be raised, and ``xai_vision.testing`` is a fake of
the service to test against.
"""

from __future__ import annotations

from xai_vision._version import __version__
from xai_vision.client import AsyncClient, Client
from xai_vision.errors import (
    APIError,
    ConfigurationError,
    ImageError,
    InvalidRequestError,
    XaiVisionError,
)
from xai_vision.wire.retry import RetryPolicy

__all__ = [
    "APIError",
    "AsyncClient",
    "Client",
    "ConfigurationError",
    "ImageError",
    "InvalidRequestError",
    "RetryPolicy",
    "XaiVisionError",
    "__version__",
]
