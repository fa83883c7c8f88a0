"""Results and types of video generation."""

from __future__ import annotations

from xai_vision.errors import VideoGenerationError
from xai_vision.services._generation.common import PublicUrlOptions, StorageOptions
from xai_vision.services._generation.video_calls import (
    DEFAULT_VIDEO_POLL_INTERVAL,
    DEFAULT_VIDEO_TIMEOUT,
)
from xai_vision.services._generation.video_request import VideoParameters
from xai_vision.services._generation.video_response import VideoResponse
from xai_vision.types.video import (
    FileIdKeyframe,
    Keyframe,
    ReferenceAudio,
    UrlKeyframe,
    VideoAspectRatio,
    VideoAspectRatioMap,
    VideoResolution,
    VideoResolutionMap,
    VoiceAudioRef,
)

__all__ = [
    "DEFAULT_VIDEO_POLL_INTERVAL",
    "DEFAULT_VIDEO_TIMEOUT",
    "FileIdKeyframe",
    "Keyframe",
    "PublicUrlOptions",
    "ReferenceAudio",
    "StorageOptions",
    "UrlKeyframe",
    "VideoAspectRatio",
    "VideoAspectRatioMap",
    "VideoGenerationError",
    "VideoParameters",
    "VideoResolution",
    "VideoResolutionMap",
    "VideoResponse",
    "VoiceAudioRef",
]
