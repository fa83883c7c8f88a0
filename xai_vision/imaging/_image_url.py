"""The interface of images: an object that writes itself as an image_url.

An image keeps its source (a URL, text, bytes, a file) until a request body is written. Its encoded
size is known before, because protobuf puts lengths first, and the text is written in steps, so that
there is no second copy of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeAlias

Write: TypeAlias = Callable[[bytes], object]

# Bytes of text in a step: small enough for the CPU cache, large enough that the overhead of a step
# is negligible. A multiple of 4 (and 3/4 of it a multiple of 3), so that base64 steps can be joined
# without padding.
STEP = 48 * 1024


class BodyStore(Protocol):
    """A buffer that holds the texts of several images."""

    def pin(self, start: int, length: int, reader: object) -> None:
        """Keep these bytes unchanged while ``reader`` exists."""

    def read(self, start: int, length: int) -> bytes:
        """Return pinned bytes."""
        ...


class ImageUrlSource(ABC):
    """An image in a message. Immutable."""

    __slots__ = ()

    @property
    @abstractmethod
    def url_size(self) -> int:
        """The length of ``url()`` in UTF-8 bytes, without building it."""

    @abstractmethod
    def write_url(self, write: Write) -> None:
        """Pass the image_url's UTF-8 bytes to ``write`` in steps, ``url_size`` bytes in all."""

    @abstractmethod
    def describe(self) -> str:
        """Return a short description, such as a file name. Never contains image data."""

    @property
    def in_memory(self) -> bool:
        """Whether the image's data is in memory; see ``moved_to``."""
        return False

    def moved_to(self, store: BodyStore, start: int) -> ImageUrlSource:
        """Return the same image with its data in ``store``, where ``url()`` begins at ``start``.

        Returns the image itself if it is not ``in_memory``.
        """
        return self

    def url(self) -> str:
        """Return the image_url: an http(s) URL or a data URL."""
        text = bytearray()
        self.write_url(text.extend)
        return text.decode()


class TextImageUrl(ImageUrlSource):
    """An image_url that is sent unchanged: an http(s) URL or a data URL."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def url_size(self) -> int:
        """The length of the text in UTF-8 bytes."""
        return len(self._text) if self._text.isascii() else len(self._text.encode())

    def write_url(self, write: Write) -> None:
        """Write the text in steps."""
        for start in range(0, len(self._text), STEP):
            write(self._text[start : start + STEP].encode())

    def describe(self) -> str:
        """Return the shortened URL."""
        return describe_url(self._text)

    def url(self) -> str:
        """Return the text."""
        return self._text


def describe_url(text: str, limit: int = 80) -> str:
    """Shorten a URL for messages: no password, no query (which can hold a key), no image data.

    A data URL is reduced to its media type.
    """
    if text[:5].lower() == "data:":
        label, comma, _ = text[5:60].partition(",")
        return f"data URL ({label if label and comma else 'no type'})"
    address, mark, _ = text.partition("?")
    scheme, slashes, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    short = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{'?…' if mark else ''}"
    return short if len(short) <= limit else f"{short[: limit - 1]}…"
