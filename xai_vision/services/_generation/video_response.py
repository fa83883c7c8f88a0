"""The result of video generation."""

from __future__ import annotations

from xai_vision.proto import video_pb2
from xai_vision.services._generation.common import Generated


class VideoResponse(Generated[video_pb2.VideoResponse, video_pb2.GeneratedVideo]):
    """A generated video."""

    _kind = "video"

    @property
    def _item(self) -> video_pb2.GeneratedVideo:
        return self._proto.video

    @property
    def url(self) -> str:
        """The URL of the video, which is valid for a limited time.

        Raises:
            GenerationError: The video was withheld.
        """
        return self._require(self._proto.video.url, "URL")

    @property
    def duration(self) -> int:
        """The duration in seconds."""
        return self._proto.video.duration
