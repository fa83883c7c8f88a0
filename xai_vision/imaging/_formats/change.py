"""Changes made to an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A change made to an image; ``str()`` returns ``what``.

    Attributes:
        what: The change in a few words, such as "converted from WEBP".
        lossy: Whether the change lost something: pixels, colors, frames.
    """

    what: str
    lossy: bool = False

    def __str__(self) -> str:
        return self.what
