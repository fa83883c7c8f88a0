"""The words and dicts that video generation accepts."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, TypedDict

from xai_vision.proto import video_pb2

VideoAspectRatio: TypeAlias = Literal["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"]
"""Width to height."""
VideoAspectRatioMap: Final = {
    name.removeprefix("VIDEO_ASPECT_RATIO_").replace("_", ":"): number
    for name, number in video_pb2.VideoAspectRatio.items()
    if number
}
VideoResolution: TypeAlias = Literal["480p", "720p", "1080p"]
VideoResolutionMap: Final = {
    name.removeprefix("VIDEO_RESOLUTION_").lower(): number
    for name, number in video_pb2.VideoResolution.items()
    if number
}


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
