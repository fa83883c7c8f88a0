"""The memory in which a conversation's request body and its image data are stored."""

from __future__ import annotations

import threading
import weakref
from io import BytesIO


class AppendBuffer:
    """A byte buffer that grows at its end and never changes the bytes that readers pinned.

    Several threads may read while one thread writes. The lock is taken once per chunk and not for
    a whole message: writing an image to one buffer can read it from a second buffer, and another
    thread may do the same in the opposite direction, which would deadlock.

    Attributes:
        end: The offset at which the next chunk is written.
    """

    __slots__ = ("_lock", "_pinned", "_storage", "end")

    def __init__(self, capacity: int) -> None:
        # BytesIO takes over these zeros without a copy, so this allocates the full capacity once.
        # After release_unpinned() the storage is a dict of pinned spans by their start.
        self._storage: BytesIO | dict[int, bytes] = BytesIO(bytes(capacity))
        # Reentrant: garbage collection can call release_unpinned() while the lock is held.
        self._lock = threading.RLock()
        self._pinned: list[tuple[int, int, weakref.ref[object]]] = []
        self.end = 0

    def read(self, start: int, length: int) -> bytes:
        """Return a copy of pinned bytes."""
        with self._lock:
            storage = self._storage
            if isinstance(storage, BytesIO):
                storage.seek(start)
                return storage.read(length)
            # The span may start before the requested bytes. list() guards against a concurrent
            # removal by a weak reference's callback.
            first = max(begin for begin in list(storage) if begin <= start)
            return storage[first][start - first : start - first + length]

    def write(self, data: bytes) -> None:
        """Append a chunk."""
        with self._lock:
            storage = self._writable()
            storage.seek(self.end)
            self.end += storage.write(data)

    def pin(self, start: int, length: int, reader: object) -> None:
        """Keep the bytes written last unchanged as long as ``reader`` is alive."""
        with self._lock:
            self._pinned.append((start, length, weakref.ref(reader)))

    @property
    def pinned_bytes(self) -> int:
        """The number of bytes pinned by readers that are alive."""
        with self._lock:
            return sum(length for _, length, reader in self._pinned if reader() is not None)

    def truncate(self, end: int) -> bool:
        """Move the end back to ``end``; return False if a reader pinned bytes behind it."""
        with self._lock:
            while self._pinned:
                start, length, reader = self._pinned[-1]
                if reader() is not None:
                    if start + length > end:
                        return False
                    break
                self._pinned.pop()
            self.end = end
            return True

    def with_suffix(self, suffix: bytes) -> bytes:
        """Return the whole content followed by ``suffix``; the next write overwrites the suffix.

        The result shares the buffer's memory. BytesIO copies it only if the buffer is written to
        while the caller still holds the result.
        """
        with self._lock:
            storage = self._writable()
            storage.seek(self.end)
            storage.write(suffix)
            storage.truncate()
            return storage.getvalue()

    def release_unpinned(self) -> None:
        """Keep only pinned bytes, each until its reader is collected; further writes fail."""
        with self._lock:
            storage = self._storage
            if not isinstance(storage, BytesIO):
                return
            spans: dict[int, bytes] = {}
            readers = []
            for start, length, reference in self._pinned:
                reader = reference()
                if reader is not None:
                    storage.seek(start)
                    spans[start] = storage.read(length)
                    readers.append((start, length, _releasing_reference(reader, spans, start)))
            self._storage, self._pinned = spans, readers

    def _writable(self) -> BytesIO:
        if isinstance(self._storage, BytesIO):
            return self._storage
        raise RuntimeError("the buffer cannot be written to after release_unpinned()")


def _releasing_reference(
    reader: object, spans: dict[int, bytes], start: int
) -> weakref.ref[object]:
    """Return a weak reference that deletes the reader's span when the reader is collected."""
    return weakref.ref(reader, lambda _: spans.pop(start, None))
