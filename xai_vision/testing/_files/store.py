"""The files of a tenant: uploaded by clients, or set by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai_vision.testing._errors import not_found
from xai_vision.testing._service.image_sources import Source, SourceTable

if TYPE_CHECKING:
    from xai_vision.testing._clock import Clock


@dataclass
class FileEntry:
    """The facts about a file.

    Attributes:
        file_id: The id.
        name: The file's name.
        created: Seconds since the epoch.
        expires: Seconds since the epoch; None if the file does not expire.
    """

    file_id: str
    name: str
    created: float
    expires: float | None = None


class FileStore(SourceTable):
    """The files by id. They expire by the service's clock.

    A test can set a file: ``server.files["file-1"] = data``. Its name is then its id.

    Args:
        clock: The service's clock.
        new_id: Makes a random UUID.
    """

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        super().__init__()
        self._clock = clock
        self._new_id = new_id
        self._entries: dict[str, FileEntry] = {}
        self._entries_lock = threading.Lock()

    def add(self, name: str, data: bytes, expires_after: float | None = None) -> FileEntry:
        """Store an uploaded file.

        Args:
            name: The file's name.
            data: Its content.
            expires_after: Seconds until the file expires; None if it does not.
        """
        file_id = f"file_{self._new_id()}"
        now = self._clock.time()
        expires = None if expires_after is None else now + expires_after
        with self._entries_lock:
            self._entries[file_id] = FileEntry(file_id, name, now, expires)
        self[file_id] = data
        return self._entries[file_id]

    def __setitem__(self, address: str, source: Source | bytearray | memoryview) -> None:
        super().__setitem__(address, source)
        with self._entries_lock:
            self._entries.setdefault(address, FileEntry(address, address, self._clock.time()))

    def __delitem__(self, address: str) -> None:
        super().__delitem__(address)
        with self._entries_lock:
            del self._entries[address]

    def clear(self) -> None:
        """Remove all files."""
        super().clear()
        with self._entries_lock:
            self._entries.clear()

    def entry(self, file_id: str) -> FileEntry:
        """Return the facts about a file.

        Raises:
            ServiceError: NOT_FOUND if no file has the id, or the file has expired.
        """
        with self._entries_lock:
            entry = self._entries.get(file_id)
        if entry is None or self._has_expired(entry):
            raise not_found(f"File not found: {file_id}")
        return entry

    def fetch(self, address: str) -> bytes | None:
        """Return the content of a file, or None if there is none, or it has expired."""
        with self._entries_lock:
            entry = self._entries.get(address)
        if entry is not None and self._has_expired(entry):
            return None
        return super().fetch(address)

    def _has_expired(self, entry: FileEntry) -> bool:
        return entry.expires is not None and self._clock.time() >= entry.expires
