"""What tests set about generated images and videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xai_vision.testing import _validation as check


@dataclass(frozen=True)
class ImagePlan:
    """The results of image generation.

    Attributes:
        data: The images to return in turn, as the bytes of files. Empty: images of one color.
        missing: The number of images that a response has fewer than requested.
        withheld: Whether moderation withholds the images.
        storage_error: Why images are not stored. Empty: they are.
    """

    data: Sequence[bytes] = ()
    missing: int = 0
    withheld: bool = False
    storage_error: str = ""

    def __post_init__(self) -> None:
        for index, item in enumerate(self.data):
            check.instance(f"images: data[{index}]", item, bytes, "bytes")
        check.integer("images: missing", self.missing, 0)
        check.boolean("images: withheld", self.withheld)
        check.string("images: storage_error", self.storage_error)


@dataclass(frozen=True)
class VideoPlan:
    """The course of video generation.

    Attributes:
        data: The file to return. Empty: a video of one color a second.
        ready_after_polls: The number of polls that get PENDING first.
        failed: The code and message with which requests end. Empty: they do not fail.
        expired: Whether the requests end as EXPIRED.
        withheld: Whether moderation withholds the videos.
        storage_error: Why videos are not stored. Empty: they are.
    """

    data: bytes = b""
    ready_after_polls: int = 1
    failed: tuple[str, str] | None = None
    expired: bool = False
    withheld: bool = False
    storage_error: str = ""

    def __post_init__(self) -> None:
        check.instance("videos: data", self.data, bytes, "bytes")
        check.integer("videos: ready_after_polls", self.ready_after_polls, 0)
        if self.failed is not None:
            if not isinstance(self.failed, tuple) or len(self.failed) != 2:
                raise TypeError("videos: failed must be a pair (code, message)")
            check.strings("videos: failed", self.failed)
        if check.boolean("videos: expired", self.expired) and self.failed:
            raise ValueError("videos: failed and expired are both set. Pass only one of them")
        check.boolean("videos: withheld", self.withheld)
        check.string("videos: storage_error", self.storage_error)
