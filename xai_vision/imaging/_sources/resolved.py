"""The resolved source of an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._placement import Placement
from xai_vision.imaging._sources.data import ImageData

if TYPE_CHECKING:
    from PIL.Image import Image

SUPPORTED_SOURCES = (
    "Pass an http(s) URL, a data URL, base64, bytes, pathlib.Path, a binary file, a Pillow image "
    "or a NumPy array."
)
"""The remedy for a source of an unsupported kind."""


@dataclass
class ResolvedSource:
    """A URL, data, or a Pillow image.

    Attributes:
        name: The image's name for messages.
        data: The data of a file.
        url: The URL.
        image: The Pillow image.
        media_type: The declared media type; None without a declaration.
        changes: The changes made to read the source.
        is_guess: Whether the data was repaired in one of several possible ways.
        placement: The part of the original source that this is, once its size is known.
    """

    name: str
    data: ImageData | None = None
    url: str = ""
    image: Image | None = None
    media_type: str | None = None
    changes: list[Change] = field(default_factory=list)
    is_guess: bool = False
    placement: Placement | None = None

    def set_placement(self, width: int, height: int, orientation: int) -> None:
        """Record the stored size and the orientation of the source, the first time only.

        A prepared image that is prepared again keeps its original source.
        """
        if self.placement is None:
            self.placement = Placement.of_image(width, height, orientation)
