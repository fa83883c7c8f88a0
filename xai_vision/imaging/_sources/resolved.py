"""A picture as it was found in what was given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._sources.data import ImageData

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass
class ResolvedSource:
    """One of three: a web address, the bytes of a file wherever they are, or pixels.

    Attributes:
        name: Which picture it is, for people.
        content: Its bytes.
        address: Its web address.
        image: Its pixels.
        label: The media type it was labelled with; None if there was no label.
        changes: What had to be done to read it.
    """

    name: str
    content: ImageData | None = None
    address: str = ""
    image: Image | None = None
    media_type: str | None = None
    changes: list[Change] = field(default_factory=list)
