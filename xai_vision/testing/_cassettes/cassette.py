"""The options of a cassette, as tests pass them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from xai_vision.testing import _validation as check

ImageForm: TypeAlias = Literal["colors", "thumbnail", "bytes"]
"""What a cassette contains of an image."""
Scrub: TypeAlias = Callable[[str], str]
"""Removes private data from a string."""
MAX_DISTANCE: Final = 10.0
"""The largest visual distance of two images that count as the same, as in ``match.near``."""
_IMAGE_FORMS: Final[tuple[ImageForm, ...]] = ("colors", "thumbnail", "bytes")


class Cassette:
    """A file with recorded calls, and how they are recorded and replayed.

    ```python
    FakeServer(cassette=Cassette("cassettes/invoice.json", scrub={"Jane Doe": "NAME"}))
    ```

    Attributes:
        path: The path of the file.

    Args:
        path: The path of the file. A recording creates its folder.
        images: What is recorded of an image besides its SHA-256, format and size: "colors", a
            grid of 12 x 12 colors, by which similar images are recognized; "thumbnail", also an
            image of at most 64 x 64 pixels; "bytes", the whole file.
        scrub: Removes private data from all strings: a function that takes and returns a str, or
            a mapping from texts to their replacements. It also runs on requests that are compared
            with recorded ones.
        max_distance: The largest visual distance of images that count as the same, from 0 to 100.
        pace: How fast recorded messages are sent: 1 as recorded, 0.5 in half of the time, 0
            without waiting.

    Raises:
        TypeError: An argument has a wrong type.
        ValueError: An argument has a wrong value.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        images: ImageForm = "colors",
        scrub: Scrub | Mapping[str, str] | None = None,
        max_distance: float = MAX_DISTANCE,
        pace: float = 0.0,
    ) -> None:
        check.instance("Cassette: path", path, (str, os.PathLike), "a path")
        self.path = Path(path)
        self._images: ImageForm = cast(
            "ImageForm", check.enum("Cassette: images", images, _IMAGE_FORMS)
        )
        self._scrub = _scrub_function(scrub)
        self._max_distance = check.number("Cassette: max_distance", max_distance, max_=100)
        self._pace = check.number("Cassette: pace", pace)

    def __repr__(self) -> str:
        return f"Cassette({str(self.path)!r})"


def read_cassette(cassette: Any) -> Cassette:
    """Return the argument ``cassette`` of a server as a cassette.

    Raises:
        TypeError: It is neither a path nor a cassette.
    """
    if isinstance(cassette, Cassette):
        return cassette
    check.instance("cassette", cassette, (str, os.PathLike), "a path or a Cassette")
    return Cassette(cassette)


def _scrub_function(scrub: Any) -> Scrub | None:
    if scrub is None:
        return None
    if not isinstance(scrub, Mapping):
        if not callable(scrub):
            raise TypeError(
                "Cassette: scrub must be a function that takes and returns a str, or a mapping "
                f"from texts to their replacements, not {check.short_repr(scrub)}"
            )
        check.sync_function("Cassette: scrub", scrub)
        return _checked(scrub)
    for text, replacement in scrub.items():
        check.string("Cassette: scrub", replacement)
        if not check.string("Cassette: scrub", text):
            raise ValueError("Cassette: scrub must not contain an empty text")
    texts = sorted(scrub, key=len, reverse=True)

    def replace(value: str) -> str:
        for text in texts:
            value = value.replace(text, scrub[text])
        return value

    return replace


def _checked(function: Any) -> Scrub:
    def scrub(value: str) -> str:
        result = function(value)
        if not isinstance(result, str):
            raise TypeError(
                f"Cassette: scrub must return a str, and {check.short_repr(function)} returned "
                f"{check.short_repr(result)}"
            )
        return result

    return scrub
