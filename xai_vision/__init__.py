"""Ask Grok about pictures over gRPC.

``Client`` and ``AsyncClient`` are the way in; ``xai_vision.chat`` makes messages and pictures,
``xai_vision.errors`` draws the tree of what can be raised, and ``xai_vision.testing`` is a fake of
the service to test against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from xai_vision.images import estimate_tokens, prepare_image

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
]

_OF_IMAGES = ("estimate_tokens", "prepare_image")


def __getattr__(name: str) -> object:
    # The pictures' room is loaded when the first picture comes, not before.
    if name in _OF_IMAGES:
        from xai_vision import images

        return getattr(images, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
