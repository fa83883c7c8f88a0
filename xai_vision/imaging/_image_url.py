"""What a picture is to the rest of the house: something that can write itself as an image_url.

A picture stays what it was given as (a URL, text, bytes, a file) until a request's body is
written. Its encoded size is known before that, so that the lengths in front of it can be, and the
text is handed over in steps, so that nobody holds a second copy of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeAlias

Write: TypeAlias = Callable[[bytes], object]

# Text of this many bytes at a time: small enough to stay in the processor's cache while it is
# encoded and copied, large enough that the steps do not count. A multiple of 4 (and 3/4 of it of
# 3), so that base64 steps join without padding.
STEP = 48 * 1024


class Store(Protocol):
    """Where the texts of pictures lie that are held together."""

    def pin(self, start: int, length: int, reader: object) -> None:
        """Keep these bytes as they are while ``reader`` exists."""

    def read(self, start: int, length: int) -> bytes:
        """Bytes that are relied on."""


class ImageUrlSource(ABC):
    """A picture as a message holds it. Never changes once made."""

    __slots__ = ()

    @property
    @abstractmethod
    def url_size(self) -> int:
        """How many bytes ``url()`` takes in UTF-8, without making it."""

    @abstractmethod
    def write_url(self, write: Write) -> None:
        """Hand the image_url's UTF-8 bytes to ``write``, in steps, ``url_size`` in all."""

    @abstractmethod
    def describe(self) -> str:
        """Which picture this is, for people: a file name, a short URL. Never its data."""

    @property
    def in_memory(self) -> bool:
        """Whether it holds data that could be held elsewhere: see ``stored``."""
        return False

    def stored(self, store: Store, start: int) -> ImageUrlSource:
        """The same picture, its data held by ``store``, where its ``url()`` begins at ``start``.

        Itself, if it is not ``in_memory``.
        """
        return self

    def url(self) -> str:
        """The whole image_url: an http(s) URL or a data URL."""
        parts: list[bytes] = []
        self.write_url(parts.append)
        return b"".join(parts).decode()


class TextImageUrl(ImageUrlSource):
    """A picture given as the image_url itself: a web address or a data URL, sent as it is."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def url_size(self) -> int:
        """How many bytes the text takes."""
        return len(self._text) if self._text.isascii() else len(self._text.encode())

    def write_url(self, write: Write) -> None:
        """Hand over the text in steps."""
        for start in range(0, len(self._text), STEP):
            write(self._text[start : start + STEP].encode())

    def describe(self) -> str:
        """The address, or the head of the data URL."""
        return describe_url(self._text)

    def url(self) -> str:
        """The text as it was given."""
        return self._text


def describe_url(text: str, limit: int = 80) -> str:
    """Shorten a URL for people: no password, no query (which may be a key), no picture data.

    Of a data URL only the label before its data is kept.
    """
    if text[:5].lower() == "data:":
        label, comma, _ = text[5:60].partition(",")
        return f"data URL ({label if label and comma else 'no type'})"
    address, mark, _ = text.partition("?")
    scheme, slashes, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    shown = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{'?…' if mark else ''}"
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
