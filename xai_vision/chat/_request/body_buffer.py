"""The one place where a conversation's pictures lie once they have been sent."""

from __future__ import annotations

import threading
import weakref
from io import BytesIO


class Buffer:
    """Bytes that grow at their end; those that somebody relies on are never changed.

    Several threads may read it while one writes. It is locked for each piece, not for a whole
    message: a picture that is written to one buffer may have to be read from another, and there
    the other way round.

    Attributes:
        end: Where the next piece goes.
    """

    __slots__ = ("_lock", "_out", "_relied_on", "end")

    def __init__(self, room: int) -> None:
        # Room for all of it at once: BytesIO takes over these zeros, and does not copy them.
        # Once it grows no more: what is relied on, by where it begins.
        self._out: BytesIO | dict[int, bytes] = BytesIO(bytes(room))
        self._lock = threading.RLock()  # shrink() may come by way of garbage collection
        self._relied_on: list[tuple[int, int, weakref.ref[object]]] = []
        self.end = 0

    def read(self, start: int, length: int) -> bytes:
        """A copy of some of what is relied on."""
        with self._lock:
            out = self._out
            if isinstance(out, BytesIO):
                out.seek(start)
                return out.read(length)
            first = max(begin for begin in list(out) if begin <= start)
            return out[first][start - first : start - first + length]

    def write(self, piece: bytes) -> None:
        """Add a piece at the end."""
        with self._lock:
            out = self._writable()
            out.seek(self.end)
            self.end += out.write(piece)

    def rely_on(self, start: int, length: int, reader: object) -> None:
        """Never change these bytes, the last that were written, while there is a reader."""
        with self._lock:
            self._relied_on.append((start, length, weakref.ref(reader)))

    @property
    def relied_on(self) -> int:
        """How many bytes others read."""
        with self._lock:
            return sum(length for _, length, reader in self._relied_on if reader() is not None)

    def go_back(self, end: int) -> bool:
        """Let the next piece go to ``end``; not if others rely on what lies there."""
        with self._lock:
            while self._relied_on:
                start, length, reader = self._relied_on[-1]
                if reader() is not None:
                    if start + length > end:
                        return False
                    break
                self._relied_on.pop()
            self.end = end
            return True

    def closed_by(self, rest: bytes) -> bytes:
        """All of it and then ``rest``, which the next piece overwrites.

        It is the buffer itself, not a copy. Should it be written to while somebody still has
        this, BytesIO parts from it first.
        """
        with self._lock:
            out = self._writable()
            out.seek(self.end)
            out.write(rest)
            out.truncate()
            return out.getvalue()

    def shrink(self) -> None:
        """Hold only what is relied on, as long as it is. Nothing can be added any more."""
        with self._lock:
            out = self._out
            if not isinstance(out, BytesIO):
                return
            held: dict[int, bytes] = {}
            readers = []
            for start, length, ref in self._relied_on:
                reader = ref()
                if reader is not None:
                    out.seek(start)
                    held[start] = out.read(length)
                    readers.append((start, length, _forgetting(reader, held, start)))
            self._out, self._relied_on = held, readers

    def _writable(self) -> BytesIO:
        if isinstance(self._out, BytesIO):
            return self._out
        raise RuntimeError("this buffer was shrunk")


def _forgetting(reader: object, held: dict[int, bytes], start: int) -> weakref.ref[object]:
    """A reference that lets go of what the reader relied on as soon as there is no reader."""
    return weakref.ref(reader, lambda _: held.pop(start, None))
