"""The blocking client under the paths of xai_sdk, for programs that were written for it.

Each module has ``Client``: in ``client`` it is the whole client, in the others a service of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.sync import auth as auth
    from xai_vision.sync import batch as batch
    from xai_vision.sync import chat as chat
    from xai_vision.sync import client as client
    from xai_vision.sync import collections as collections
    from xai_vision.sync import files as files
    from xai_vision.sync import image as image
    from xai_vision.sync import models as models
    from xai_vision.sync import tokenizer as tokenizer
    from xai_vision.sync import video as video

__getattr__, __dir__ = lazy_exports(
    __name__,
    {},
    {
        name: f"{__name__}.{name}"
        for name in (
            "auth",
            "batch",
            "chat",
            "client",
            "collections",
            "files",
            "image",
            "models",
            "tokenizer",
            "video",
        )
    },
)
