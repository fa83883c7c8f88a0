"""The names of models that an editor may suggest. Calls accept any other name too."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xai_vision.chat._request.parameters import ChatModel

ImageGenerationModel: TypeAlias = Literal[
    "grok-imagine-image", "grok-imagine-image-2.0", "grok-imagine-image-quality"
]
VideoGenerationModel: TypeAlias = Literal["grok-imagine-video", "grok-imagine-video-1.5"]
AllModels: TypeAlias = ChatModel | ImageGenerationModel | VideoGenerationModel

__all__ = ["AllModels", "ChatModel", "ImageGenerationModel", "VideoGenerationModel"]
