"""The words and dicts that video generation accepts."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

VideoAspectRatio: TypeAlias = Literal["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"]
"""Width to height."""
VideoResolution: TypeAlias = Literal["480p", "720p", "1080p"]


class UrlKeyframe(TypedDict):
    """An image that the video shows at a time, in seconds from its start."""

    image_url: str
    timestamp: float


class FileIdKeyframe(TypedDict):
    """An uploaded image that the video shows at a time, in seconds from its start."""

    image_file_id: str
    timestamp: float


Keyframe: TypeAlias = UrlKeyframe | FileIdKeyframe


class VoiceAudioRef(TypedDict):
    """A voice for the speech of a video."""

    voice_id: str


ReferenceAudio: TypeAlias = VoiceAudioRef
