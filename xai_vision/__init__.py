"""Python gRPC client for image understanding with xAI's Grok.

``Client`` and ``AsyncClient`` are the clients, ``xai_vision.chat`` creates messages and images,
``xai_vision.errors`` has the exceptions, and ``xai_vision.testing`` is an offline fake server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.__about__ import __version__
from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision import aio as aio
    from xai_vision import bulk as bulk
    from xai_vision import chat as chat
    from xai_vision import errors as errors
    from xai_vision import imaging as imaging
    from xai_vision import proto as proto
    from xai_vision import search as search
    from xai_vision import sync as sync
    from xai_vision import testing as testing
    from xai_vision import tools as tools
    from xai_vision import types as types
    from xai_vision._transport.retry import RetryPolicy
    from xai_vision.client import AsyncClient, Client
    from xai_vision.errors import (
        APIError,
        ConfigurationError,
        ImageError,
        InvalidRequestError,
        XaiVisionError,
    )
    from xai_vision.imaging import estimate_tokens, prepare_image, prepare_pages

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
    "estimate_tokens",
    "prepare_image",
    "prepare_pages",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "APIError": "xai_vision.errors",
        "AsyncClient": "xai_vision.client",
        "Client": "xai_vision.client",
        "ConfigurationError": "xai_vision.errors",
        "ImageError": "xai_vision.errors",
        "InvalidRequestError": "xai_vision.errors",
        "RetryPolicy": "xai_vision._transport.retry",
        "XaiVisionError": "xai_vision.errors",
        "estimate_tokens": "xai_vision.imaging",
        "prepare_image": "xai_vision.imaging",
        "prepare_pages": "xai_vision.imaging",
    },
    {
        name: f"{__name__}.{name}"
        for name in (
            "aio",
            "bulk",
            "chat",
            "errors",
            "imaging",
            "proto",
            "search",
            "sync",
            "testing",
            "tools",
            "types",
        )
    },
)
