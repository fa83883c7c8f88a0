"""The types of arguments, under the paths of xai_sdk."""

from __future__ import annotations

from xai_vision.types.chat import (
    AgentCount,
    AgentCountMap,
    Content,
    Guideline,
    GuidelineBehavior,
    GuidelineBehaviorMap,
    GuidelineCategory,
    GuidelineCategoryMap,
    ImageDetail,
    IncludeOption,
    IncludeOptionMap,
    ReasoningEffort,
    ResponseFormat,
    ToolMode,
)
from xai_vision.types.common import (
    ServiceTier,
)
from xai_vision.types.image import (
    ImageAspectRatio,
    ImageFormat,
    ImageQuality,
    ImageResolution,
)
from xai_vision.types.model import (
    AllModels,
    ChatModel,
    ImageGenerationModel,
    VideoGenerationModel,
)
from xai_vision.types.video import (
    FileIdKeyframe,
    Keyframe,
    ReferenceAudio,
    UrlKeyframe,
    VideoAspectRatio,
    VideoResolution,
    VoiceAudioRef,
)

__all__ = [
    "AgentCount",
    "AgentCountMap",
    "AllModels",
    "ChatModel",
    "Content",
    "FileIdKeyframe",
    "Guideline",
    "GuidelineBehavior",
    "GuidelineBehaviorMap",
    "GuidelineCategory",
    "GuidelineCategoryMap",
    "ImageAspectRatio",
    "ImageDetail",
    "ImageFormat",
    "ImageGenerationModel",
    "ImageQuality",
    "ImageResolution",
    "IncludeOption",
    "IncludeOptionMap",
    "Keyframe",
    "ReasoningEffort",
    "ReferenceAudio",
    "ResponseFormat",
    "ServiceTier",
    "ToolMode",
    "UrlKeyframe",
    "VideoAspectRatio",
    "VideoGenerationModel",
    "VideoResolution",
    "VoiceAudioRef",
]
