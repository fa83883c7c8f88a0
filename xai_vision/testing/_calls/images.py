"""Pictures as the call log keeps them."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from xai_vision.testing._service.image_inspection import Facts

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Album", "CallImage"]


class Album:
    """Bytes of pictures by hash, each once, the oldest dropped beyond a limit.

    Args:
        limit: Bytes in all.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, sha256: str, data: bytes) -> None:
        """Keep a picture."""
        with self._lock:
            if sha256 in self._pictures:
                self._pictures.move_to_end(sha256)
                return
            self._pictures[sha256] = data
            self._held += len(data)
            self._shrink()

    def limit(self, limit: int) -> None:
        """Hold so many bytes from now on."""
        with self._lock:
            self._limit = limit
            self._shrink()

    def _shrink(self) -> None:
        while self._held > self._limit:
            self._held -= len(self._pictures.popitem(last=False)[1])

    def get(self, sha256: str) -> bytes | None:
        """Return a picture's bytes, or None if they were not kept."""
        return self._pictures.get(sha256)

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._pictures.clear()
            self._held = 0


class CallImage:
    """A picture as it arrived in a call.

    Attributes:
        detail: "auto", "low" or "high".
        source: "data" for a data URL, else the web address or the file's id.
        label: The MIME type a data URL named, or "".
        tokens: How many image tokens it was counted as.
        turn: Which message of the conversation it is in, counted from 0; earlier turns that
            were brought back by previous_response_id come first.
        earlier: Whether it came with an earlier request that this one continues.
    """

    __slots__ = ("_album", "_facts", "detail", "earlier", "label", "source", "tokens", "turn")

    def __init__(
        self,
        facts: Facts,
        album: Album,
        *,
        detail: str,
        source: str,
        label: str,
        tokens: int,
        turn: int,
        earlier: bool = False,
    ) -> None:
        self._facts = facts
        self._album = album
        self.detail = detail
        self.source = source
        self.label = label
        self.tokens = tokens
        self.turn = turn
        self.earlier = earlier

    @property
    def facts(self) -> Facts:
        """All that was found out about its bytes."""
        return self._facts

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes, in hex."""
        return self._facts.sha256

    @property
    def size(self) -> int:
        """Bytes of the file, before base64. For width and height see those."""
        return self._facts.size

    @property
    def format(self) -> str:
        """What the bytes are: "JPEG" or "PNG"."""
        return self._facts.format

    @property
    def width(self) -> int:
        """Pixels, as stored."""
        return self._facts.width

    @property
    def height(self) -> int:
        """Pixels, as stored."""
        return self._facts.height

    @property
    def colours(self) -> tuple[str, ...]:
        """Names of the main colours, the most frequent first."""
        return self._facts.colours

    @property
    def data(self) -> bytes:
        """The file's bytes.

        Raises:
            LookupError: They were not kept; see the settings ``keep_picture_bytes`` and
                ``keep_log_bytes``.
        """
        data = self._album.get(self.sha256)
        if data is None:
            raise LookupError(f"the bytes of this picture were not kept ({self!r})")
        return data

    def pil(self) -> Image:
        """The picture, opened with Pillow.

        Raises:
            LookupError: Its bytes were not kept.
        """
        from PIL import Image

        return Image.open(io.BytesIO(self.data))

    def again(self, turn: int) -> CallImage:
        """Return this picture as part of a later request that continues its conversation."""
        return CallImage(
            self._facts,
            self._album,
            detail=self.detail,
            source=self.source,
            label=self.label,
            tokens=self.tokens,
            turn=turn,
            earlier=True,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # With its own bytes, not with the whole album.
        told = {name: getattr(self, name) for name in _TOLD}
        return _kept, (self._facts, self._album.get(self.sha256), told)

    def __repr__(self) -> str:
        return (
            f"<{self.format} {self.width}x{self.height}, {self.size} bytes, "
            f"detail {self.detail}, sha256 {self.sha256[:12]}>"
        )


_TOLD = ("detail", "source", "label", "tokens", "turn", "earlier")


def _kept(facts: Facts, data: bytes | None, told: dict[str, Any]) -> CallImage:
    """A picture from a pickled or copied call, in an album of its own."""
    album = Album(facts.size)
    if data is not None:
        album.put(facts.sha256, data)
    return CallImage(facts, album, **told)
