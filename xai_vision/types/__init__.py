"""The types of arguments, under the paths of xai_sdk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
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

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(
            (
                "AgentCount",
                "AgentCountMap",
                "Content",
                "Guideline",
                "GuidelineBehavior",
                "GuidelineBehaviorMap",
                "GuidelineCategory",
                "GuidelineCategoryMap",
                "ImageDetail",
                "IncludeOption",
                "IncludeOptionMap",
                "ReasoningEffort",
                "ResponseFormat",
                "ToolMode",
            ),
            "xai_vision.types.chat",
        ),
        **dict.fromkeys(
            ("ServiceTier",),
            "xai_vision.types.common",
        ),
        **dict.fromkeys(
            (
                "ImageAspectRatio",
                "ImageFormat",
                "ImageQuality",
                "ImageResolution",
            ),
            "xai_vision.types.image",
        ),
        **dict.fromkeys(
            (
                "AllModels",
                "ChatModel",
                "ImageGenerationModel",
                "VideoGenerationModel",
            ),
            "xai_vision.types.model",
        ),
        **dict.fromkeys(
            (
                "FileIdKeyframe",
                "Keyframe",
                "ReferenceAudio",
                "UrlKeyframe",
                "VideoAspectRatio",
                "VideoResolution",
                "VoiceAudioRef",
            ),
            "xai_vision.types.video",
        ),
    },
    {name: f"{__name__}.{name}" for name in ("chat", "common", "image", "model", "video")},
)
