"""Ask Grok about pictures over gRPC.

``Client`` and ``AsyncClient`` are the way in; ``xai_vision.chat`` makes messages and pictures,
``xai_vision.errors`` draws the tree of what can be raised, and ``xai_vision.testing`` is a fake of
the service to test against.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from xai_vision._version import __version__

if TYPE_CHECKING:
    from xai_vision import (
        chat as chat,
    )
    from xai_vision import (
        errors as errors,
    )
    from xai_vision import (
        images as images,
    )
    from xai_vision import (
        proto as proto,
    )
    from xai_vision import (
        search as search,
    )
    from xai_vision import (
        testing as testing,
    )
    from xai_vision import (
        tools as tools,
    )
    from xai_vision.client import AsyncClient, Client
    from xai_vision.errors import (
        APIError,
        ConfigurationError,
        ImageError,
        InvalidRequestError,
        XaiVisionError,
    )
    from xai_vision.images import estimate_tokens, prepare_image
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
    "estimate_tokens",
    "prepare_image",
]

_HOMES = {
    "APIError": "errors",
    "AsyncClient": "client",
    "Client": "client",
    "ConfigurationError": "errors",
    "ImageError": "errors",
    "InvalidRequestError": "errors",
    "RetryPolicy": "wire.retry",
    "XaiVisionError": "errors",
    "estimate_tokens": "images",
    "prepare_image": "images",
}

# So that `import xai_vision; xai_vision.chat.user(...)` works, as it does with xai_sdk.
_ROOMS = frozenset({"chat", "errors", "images", "proto", "search", "testing", "tools"})


def __getattr__(name: str) -> object:
    # Every room is loaded on use: the messages, the pictures and the fake are of use without the
    # client, and threads may import different rooms at once without waiting for each other.
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
