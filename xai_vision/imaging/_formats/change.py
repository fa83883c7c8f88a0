"""What was done to a picture on its way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing that was done to a picture; ``str()`` of it is ``what``.

    Attributes:
        what: What was done, in a few words: "converted from WEBP to PNG".
        lossy: Whether something of the picture was lost by it: pixels, colours, frames.
    """

    what: str
    lossy: bool = False

    def __str__(self) -> str:
        return self.what
